"""zip.py ZIP FILE...: writes the files into a zip for AWS Lambda, reproducibly.

Names without folders, sorted; mode 755 for `bootstrap`, 644 for others; one fixed time.
"""

import os
import sys
import zipfile

# The earliest time that the format can represent.
EPOCH = (1980, 1, 1, 0, 0, 0)
PROGRAM = "bootstrap"


def main():
    if len(sys.argv) < 3 or "--help" in sys.argv:
        print(__doc__.strip())
        sys.exit(0 if "--help" in sys.argv else 2)
    target, files = sys.argv[1], sys.argv[2:]
    aside = target + ".new"
    with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files, key=os.path.basename):
            entry = zipfile.ZipInfo(os.path.basename(path), EPOCH)
            entry.create_system = 3  # Unix, so that the mode counts
            entry.external_attr = (0o100755 if entry.filename == PROGRAM else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with open(path, "rb") as source:
                archive.writestr(entry, source.read())
    os.replace(aside, target)


main()
