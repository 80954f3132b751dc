"""Records what a sysroot's libraries are, for the SBOM (sbom.py): a NAME.json for each Debian package.

components.py packages FOLDER DEB...       of binary packages
components.py source FOLDER NAME ARCHIVES  of a source package that was built: its .dsc and debian/copyright are
                                           found below the working folder; ARCHIVES, one in a line of the
                                           standard input, are the static libraries that the build installed
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

# Debian's short names that SPDX calls otherwise; names that are in neither list stay as they are.
SPDX = {
    "Apache-2.0": "Apache-2.0", "BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause", "Expat": "MIT",
    "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
    "ISC": "ISC", "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later", "MIT": "MIT", "Zlib": "Zlib", "zlib": "Zlib", "curl": "curl",
}


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def licences(copyright_text):
    """The licences in a debian/copyright of Debian's machine-readable format; None of another one."""
    if not re.match(r"Format:\s*\S*copyright-format", copyright_text.lstrip()):
        return None
    found = set()
    for stanza in re.split(r"\n[ \t]*\n", copyright_text):
        files = re.search(r"^Files:((?:.|\n[ \t])*)", stanza, re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(\S.*)$", stanza, re.MULTILINE)
        # Of the packaging nothing is linked.
        if files and licence and not all(name.startswith("debian/") for name in files.group(1).split()):
            name = licence.group(1).strip()
            found.add(SPDX.get(name, name))
    return sorted(found)


def write(folder, name, record):
    path = pathlib.Path(folder, f"{name}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def record_package(folder, deb):
    form = "${Package}\\n${Version}\\n${Architecture}\\n${source:Package}\\n${source:Version}\\n"
    name, version, architecture, source, source_version = output("dpkg-deb", "-W", f"--showformat={form}", deb).split()
    listed = [line.split(maxsplit=5) for line in output("dpkg-deb", "-c", deb).splitlines()]
    files = [fields[5].split(" -> ")[0].removeprefix("./") for fields in listed if not fields[0].startswith("d")]
    text = subprocess.run(
        f"dpkg-deb --fsys-tarfile '{deb}' | tar -xO ./usr/share/doc/{name}/copyright", shell=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode(errors="replace")
    write(folder, name, {
        "name": name, "version": version, "architecture": architecture, "source": source,
        "source_version": source_version, "licences": licences(text), "sha256": sha256(deb),
        "file": pathlib.Path(deb).name,
        "archives": sorted(file for file in files if re.search(r"\.(a|o)$", file)),
        "headers": sorted(file for file in files if "/include/" in file),
    })


def record_source(folder, name):
    (dsc,) = [path for path in pathlib.Path(".").rglob(f"{name}_*.dsc")]
    text = dsc.read_text()
    version = re.search(r"^Version: (\S+)$", text, re.MULTILINE).group(1)
    (copyright_file,) = [*pathlib.Path(".").glob(f"{name}-*/debian/copyright"), *pathlib.Path(".").glob(f"{name}-part/copyright")]
    sums = re.search(r"^Checksums-Sha256:\n((?: .*\n)+)", text, re.MULTILINE).group(1)
    write(folder, name, {
        "name": name, "version": version, "architecture": "source", "source": name, "source_version": version,
        "licences": licences(copyright_file.read_text(errors="replace")), "sha256": sha256(dsc), "file": dsc.name,
        "parts": {fields[2]: fields[0] for fields in (line.split() for line in sums.splitlines())},
        "archives": sorted(line.strip() for line in sys.stdin if line.strip()), "headers": [],
    })


def main():
    kind, folder, *rest = sys.argv[1:]
    if kind == "packages":
        for deb in rest:
            record_package(folder, deb)
    elif kind == "source":
        record_source(folder, *rest)
    else:
        sys.exit(__doc__)


main()
