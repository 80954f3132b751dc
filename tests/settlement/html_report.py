#!/usr/bin/python3
"""The HTML page of a report, read with two parsers that share nothing with the writer: html5lib,
strictly, and Python's own. Hostile texts stay text; the figures are those of the lines."""
import html.parser
import re
import sys

import html5lib

import report

FACTS = {"sellerId": "42", "sellerName": "이바다", "businessName": "바다상회", "businessNumber": "123-45-67890",
         "platformName": "OpenMarket", "platformNumber": "987-65-43210", "csvName": "정산_2026-09.csv",
         "rules": "반올림", "payoutState": "지급 예정", "payoutDay": 20736, "orderCount": 7, "carriedIn": -5}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "id", "class", "scope", "viewbox", "role",
              "aria-label", "x", "y", "width", "height", "d"}
MAX_CHARACTERS = 120


def strict(text):
    """html5lib's tree: any fault of the syntax raises."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def skeleton(text):
    """Every tag with its attributes, by the other parser."""
    found = []

    class Tags(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, tuple(attrs)))

        def handle_endtag(self, tag):
            found.append("/" + tag)

        def handle_comment(self, data):
            raise AssertionError(f"a comment: {data}")

    parser = Tags(convert_charrefs=True)
    parser.feed(text)
    parser.close()
    return found


def rows(tree, section):
    """The texts of the cells of the section's rows, without heads."""
    return [["".join(cell.itertext()) for cell in row] for row in
            tree.findall(f".//section[@id='{section}']//tbody/tr")]


def number(cell):
    assert re.fullmatch(r"−?\d{1,3}(,\d{3})*", cell), cell
    return int(cell.replace("−", "-").replace(",", ""))


def shown(text):
    """A text as the page shows it."""
    kept = "".join(" " if ord(c) < 32 else "\ufffd" if 0x7f <= ord(c) <= 0x9f or
                   0xfdd0 <= ord(c) <= 0xfdef or ord(c) & 0xfffe == 0xfffe else c for c in text)
    return kept if len(kept) <= MAX_CHARACTERS else kept[:MAX_CHARACTERS] + "…"


def nothing_is_loaded_or_run():
    for language in ("ko", "en"):
        page = report.write("html", report.some_lines(100, 3), facts=FACTS, language=language)
        strict(page)
        tags = [tag for tag in skeleton(page) if isinstance(tag, tuple)]
        assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "base", "form", "a"}
        assert {name for _, attrs in tags for name, _ in attrs} <= ATTRIBUTES
        written = re.search("<style>(.*?)</style>", page, re.S).group(1) + "".join(
            value for _, attrs in tags for _, value in attrs)
        assert len(written) > 2000 and not re.search(r"url\(|@import|https?:|//", written), "something to load"
        assert "default-src 'none'" in page and f'<html lang="{language}">' in page


def hostile_texts_stay_text():
    harmless = [report.line(orderId="a", product=f"p{i:03d}", settledAt=report.FIRST_MS + i)
                for i in range(len(report.HOSTILE))]
    expected = skeleton(report.write("html", harmless, facts=FACTS))
    hostile = [report.line(orderId=text or "a", product=text + f" {i:03d}", settledAt=report.FIRST_MS + i)
               for i, text in enumerate(report.HOSTILE)]
    page = report.write("html", hostile, facts=FACTS)
    assert skeleton(page) == expected
    for row, text in zip(rows(strict(page), "lines"), report.HOSTILE):
        assert row[0] == shown(text or "a"), (row[0], text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", page)


def hostile_facts_stay_text():
    lines = [report.line()]
    expected = skeleton(report.write("html", lines, facts=FACTS))
    for text in report.HOSTILE:
        if text:
            facts = {name: text if isinstance(value, str) else value for name, value in FACTS.items()}
            page = report.write("html", lines, runs=1, facts=facts)
            assert skeleton(page) == expected, repr(text)
            if len(text) < 60:
                strict(page)


def figures_are_those_of_the_lines():
    lines = report.some_lines(300, 4)
    for language in ("ko", "en"):
        tree = strict(report.write("html", lines, facts=FACTS, language=language))
        gross = [line["list"] - line["sellerCoupon"] - line["sellerPoints"] for line in lines]
        for section in ("kinds", "days", "products"):
            *parts, total = rows(tree, section)
            assert total[0] == ("합계" if language == "ko" else "Total")
            assert number(total[1]) == len(lines) and number(total[3]) == sum(gross)
            for column in range(1, 6):
                assert sum(number(part[column]) for part in parts) == number(total[column]), section
            assert number(total[3]) == number(total[4]) + number(total[5])
        days = rows(tree, "days")
        assert len(days) == 31 and days[0][0].startswith("2026-09-01 (") and days[29][0].startswith("2026-09-30 (")
        for day, row in enumerate(days[:30]):
            assert number(row[3]) == sum(
                won for won, line in zip(gross, lines)
                if (line["settledAt"] - report.FIRST_MS) // report.DAY_MS == day), row
        check_vat_return(tree, lines, gross)
        controls = rows(tree, "controls")
        assert len(controls) == 7
        assert {row[3] for row in controls} == {"일치" if language == "ko" else "equal"}
        assert all(row[1] == row[2] for row in controls)


def check_vat_return(tree, lines, gross):
    vat = rows(tree, "vat")
    for payment in range(3):
        for column, tax in ((1, 1), (2, 2), (3, 0)):
            expected = 0
            for line, won in zip(lines, gross):
                platform = line["platformCoupon"] + line["platformPoints"]
                if line["tax"] == tax:
                    expected += won - platform if line["payment"] == payment else 0
                    expected += platform if payment == 2 else 0
            assert number(vat[payment][column]) == expected, (payment, tax)
    assert number(vat[3][4]) == sum(gross)
    assert number(vat[4][1]) + number(vat[4][2]) == number(vat[4][3])


def refunds_stand_apart_and_long_reports_point_to_the_csv():
    lines = report.some_lines(900, 5)
    page = report.write("html", lines, facts=FACTS)
    tree = strict(page)
    for section, kinds in (("lines", (0, 3)), ("refunds", (1, 2, 4))):
        chosen = [line for line in lines if line["kind"] in kinds]
        table = rows(tree, section)
        assert len(chosen) > 200 and len(table) == 200
        for row, line in zip(table, chosen):
            assert row[0] == shown(line["orderId"]) and row[3] == shown(line["product"])
            assert number(row[4]) == line["quantity"]
        note = "".join(tree.find(f".//section[@id='{section}']/p").itertext())
        assert f"전체 {len(chosen)}건 중 처음 200건" in note and "정산_2026-09.csv" in note
    assert len(page.encode()) < 1 << 20


def many_products_are_counted_together():
    lines = [report.line(product=f"p{i}", list=1000 + i) for i in range(3000)]
    products = rows(strict(report.write("html", lines)), "products")
    assert len(products) == 52 and products[50][0] == "그 밖의 상품"
    assert number(products[50][1]) == 2950
    assert [row[0] for row in products[:50]] == [f"p{i}" for i in range(1999, 1949, -1)]


def only_monthly_reports_have_a_vat_return():
    lines = [report.line()]
    for period, has_vat, has_days in (("2026-09", True, True), ("2026-09-01", False, False),
                                      ("2026-W36", False, True), ("2026-09-01..2026-09-15", False, True)):
        page = report.write("html", lines, period=period)
        tree = strict(page)
        assert (rows(tree, "vat") != []) == has_vat and (rows(tree, "days") != []) == has_days
        assert ("<svg" in page) == has_days


def a_period_without_lines_has_a_page():
    page = report.write("html", [], facts=FACTS)
    tree = strict(page)
    assert "정산할 내역이 없습니다" in page and "<svg" not in page
    assert rows(tree, "lines") == [] and rows(tree, "products") == []
    assert len(rows(tree, "days")) == 31


if __name__ == "__main__":
    sys.exit(report.main([
        nothing_is_loaded_or_run, hostile_texts_stay_text, hostile_facts_stay_text, figures_are_those_of_the_lines,
        refunds_stand_apart_and_long_reports_point_to_the_csv, many_products_are_counted_together,
        only_monthly_reports_have_a_vat_return, a_period_without_lines_has_a_page]))
