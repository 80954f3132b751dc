#!/usr/bin/python3
"""The CSV of a report opened in LibreOffice without a window: no cell is a formula, numbers are
numbers, texts are the texts. By hand (make settlement-libreoffice): it takes half a minute, and
LibreOffice is larger than everything else that the tests need."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import csv_report
import report

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
COLUMNS = 22
UTF8 = 76  # LibreOffice's number of the encoding


def opened(text):
    """The sheet as LibreOffice has it: rows of (type, value, formula)."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "report.csv"
        path.write_bytes(text.encode())
        subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
                        f"--infilter=CSV:44,34,{UTF8}", "--convert-to", "fods", "--outdir", folder, str(path)],
                       check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tree = xml.etree.ElementTree.parse(path.with_suffix(".fods"))
    return [cells_of(row) for row in tree.iter(f"{TABLE}table-row")]


def cells_of(row):
    cells = []
    for cell in row:
        kind = cell.get(f"{OFFICE}value-type")
        value = cell.get(f"{OFFICE}value")
        if kind == "string":
            value = "\n".join(text_of(part) for part in cell.findall(f"{TEXT}p"))
        count = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
        cells += [(kind, value, cell.get(f"{TABLE}formula"))] * min(count, COLUMNS - len(cells))
    return cells


def text_of(part):
    text = part.text or ""
    for inner in part:
        if inner.tag == f"{TEXT}s":
            text += " " * int(inner.get(f"{TEXT}c", "1"))
        else:
            text += "\t" if inner.tag == f"{TEXT}tab" else text_of(inner)
        text += inner.tail or ""
    return text


def plain(text):
    """Without what the sheet's XML cannot hold."""
    return re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", "", text.replace("\r\n", "\n").replace("\r", "\n"))


def every_cell_is_right():
    lines = report.some_lines(60, 9) + [
        report.line(orderId=text, product=text, category=text) for text in report.HOSTILE if len(text) < 500]
    text = report.write("csv", lines)
    head, *rows = opened(text)
    names = [value for _, value, _ in head]
    assert names[:9] == csv_report.COLUMNS, names
    for expected, row in zip(csv_report.read(text), rows, strict=False):
        for name, (kind, value, formula) in zip(names, row):
            cell = expected[name]
            assert formula is None, (name, cell, formula)
            if cell != "" and name in csv_report.NUMBERS:
                assert kind == "float" and float(value) == float(cell), (name, cell, kind, value)
            elif cell != "" and name in csv_report.TEXTS:
                assert kind == "string" and plain(value) == plain(cell), (name, cell, kind, value)


if __name__ == "__main__":
    if shutil.which("soffice") is None:
        sys.exit("LibreOffice is not installed (Debian: libreoffice-calc-nogui)")
    sys.exit(report.main([every_cell_is_right]))
