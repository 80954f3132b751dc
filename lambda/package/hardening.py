"""hardening.py [--path PATH]... FILE...

Checks how built programs, libraries and functions' zips (their bootstrap) are hardened, and prints a line for each fault:
position-independent, full RELRO, stack protector, checked calls of the C library (_FORTIFY_SOURCE), no executable stack,
no segment that is writable and executable, no text relocation, no RPATH or RUNPATH, and no path of the build machine in
it: this folder, the home folder, and PATH. With debugging information of GCC, each object of the tree is
checked for the compiler's options as well. Branch protection (IBT, SHSTK; BTI, PAC) is reported only: one object of the
toolchain's archives without it takes it from the entire file. Exit status: 0 hardened, 1 not, 2 a file cannot be read.
"""

import argparse
import os
import pathlib
import re
import struct
import subprocess
import sys
import zipfile

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_STACK, PT_RELRO, PT_PROPERTY = 1, 2, 3, 0x6474E551, 0x6474E552, 0x6474E553
PF_X, PF_W = 1, 2
DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_RPATH, DT_TEXTREL, DT_BIND_NOW = 5, 6, 10, 15, 22, 24
DT_RUNPATH, DT_FLAGS, DT_FLAGS_1 = 29, 30, 0x6FFFFFFB
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 4, 8, 1, 0x08000000
SHT_DYNSYM = 11
EM_X86_64, EM_AARCH64 = 62, 183
# The property of each machine, and the names of its bits.
FEATURES = {EM_X86_64: (0xC0000002, ("IBT", "SHSTK")), EM_AARCH64: (0xC0000000, ("BTI", "PAC"))}
# With _FORTIFY_SOURCE >= 2 the C library's headers turn every call of these into one of __NAME_chk.
UNCHECKED = {"printf", "fprintf", "vprintf", "vfprintf", "sprintf", "vsprintf", "dprintf", "vdprintf", "asprintf", "vasprintf"}
# Of GCC, for each object.
OPTIONS = ("-fstack-protector-strong", "-fstack-clash-protection")
OURS = re.compile(r"(imgcore|services|lambda|bench|tests)/")


class Unreadable(Exception):
    pass


class Elf:
    """The parts of a 64-bit little-endian ELF file that count here."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise Unreadable("not a 64-bit little-endian ELF file")
        self.data = data
        self.type, self.machine = struct.unpack_from("<HH", data, 16)
        at, sections_at = struct.unpack_from("<QQ", data, 32)
        size, count, section_size, section_count = struct.unpack_from("<HHHH", data, 54)
        # type, flags, offset, address, (physical), bytes in the file, bytes in memory
        self.segments = [struct.unpack_from("<IIQQQQQ", data, at + i * size) for i in range(count)]
        # name, type, flags, address, offset, size, link
        self.sections = [struct.unpack_from("<IIQQQQI", data, sections_at + i * section_size) for i in range(section_count)]
        self.dynamic = self._dynamic()

    def segment(self, kind):
        return next((segment for segment in self.segments if segment[0] == kind), None)

    def _dynamic(self):
        found = {}
        segment = self.segment(PT_DYNAMIC)
        if segment:
            for tag, value in struct.iter_unpack("<QQ", self.data[segment[2] : segment[2] + segment[5] // 16 * 16]):
                if tag == 0:
                    break
                found[tag] = value
        return found

    def imports(self):
        names = set()
        for section in self.sections:
            if section[1] != SHT_DYNSYM:
                continue
            strings = self.sections[section[6]]
            table = self.data[strings[4] : strings[4] + strings[5]]
            for name, _, _, index, _, _ in struct.iter_unpack("<IBBHQQ", self.data[section[4] : section[4] + section[5]]):
                if index == 0 and name:
                    names.add(table[name : table.index(0, name)].decode())
        return names

    def features(self):
        """{name: whether the file has it}, of the machine's kinds of branch protection."""
        kind, names = FEATURES.get(self.machine, (None, ()))
        bits = 0
        segment = self.segment(PT_PROPERTY)
        if segment:
            at, end = segment[2], segment[2] + segment[5]
            name_bytes, _, note = struct.unpack_from("<III", self.data, at)
            at += 12 + (name_bytes + 3) // 4 * 4
            while note == 5 and at + 8 <= end:
                this, size = struct.unpack_from("<II", self.data, at)
                if this == kind:
                    bits = struct.unpack_from("<I", self.data, at + 8)[0]
                at += 8 + (size + 7) // 8 * 8
        return {name: bool(bits & 1 << i) for i, name in enumerate(names)}


def faults_of_layout(elf):
    flags, flags_1 = elf.dynamic.get(DT_FLAGS, 0), elf.dynamic.get(DT_FLAGS_1, 0)
    if elf.type != 3 or (elf.segment(PT_INTERP) and not flags_1 & DF_1_PIE):
        yield "not position-independent"
    if not elf.segment(PT_RELRO):
        yield "no RELRO"
    elif not (DT_BIND_NOW in elf.dynamic or flags & DF_BIND_NOW or flags_1 & DF_1_NOW):
        yield "RELRO is partial: symbols are bound lazily"
    stack = elf.segment(PT_STACK)
    if not stack or stack[1] & PF_X:
        yield "executable stack"
    if any(kind == PT_LOAD and flags & PF_W and flags & PF_X for kind, flags, *_ in elf.segments):
        yield "a segment is writable and executable"
    if DT_TEXTREL in elf.dynamic or flags & DF_TEXTREL:
        yield "text relocations"
    for tag, name in ((DT_RPATH, "RPATH"), (DT_RUNPATH, "RUNPATH")):
        if tag in elf.dynamic:
            yield f"{name} is set"


def faults_of_calls(elf):
    imports = elf.imports()
    if "__stack_chk_fail" not in imports:
        yield "no stack protector"
    if not any(re.fullmatch(r"__\w+_chk", name) for name in imports):
        yield "no checked call of the C library (_FORTIFY_SOURCE)"
    unchecked = sorted(imports & UNCHECKED)
    if unchecked:
        yield f"calls without _FORTIFY_SOURCE: {', '.join(unchecked)}"


def faults_of_paths(data, paths):
    for path in paths:
        found = re.search(re.escape(path) + rb"[/\0]", data)
        if found:
            begin = max(data.rfind(b"\0", 0, found.start()) + 1, found.start() - 40)
            text = data[begin : data.find(b"\0", found.start())][:160].decode(errors="replace")
            yield f"a path of the build machine is in it: {text}"


def faults_of_options(file):
    """By what GCC records for each object; nothing in a stripped file."""
    listing = subprocess.run(["readelf", "--debug-dump=info", "--dwarf-depth=1", file], capture_output=True, text=True, check=False)
    producer = ""
    without = {}
    for line in listing.stdout.splitlines():
        found = re.search(r"DW_AT_(producer|name)\s*:.*?(?:offset: 0x[0-9a-f]+\): )?([^\s:(][^:]*|GNU .*)$", line)
        if not found:
            continue
        if found.group(1) == "producer":
            producer = found.group(2)
        elif OURS.match(found.group(2)) and producer.startswith("GNU C"):
            for option in OPTIONS:
                if option not in producer.split():
                    without.setdefault(option, []).append(found.group(2))
    for option, objects in without.items():
        yield f"{len(objects)} objects are compiled without {option}, such as {objects[0]}"


def read(file):
    """The bytes of what is checked, and whether that is a part of a zip."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                return archive.read("bootstrap"), True
        return pathlib.Path(file).read_bytes(), False
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Unreadable(str(error)) from error


def paths_of_machine(more):
    home = os.path.expanduser("~")
    paths = [os.environ.get("PWD", ""), os.getcwd(), home, *more]
    return [path.encode() for path in dict.fromkeys(path.rstrip("/") for path in paths) if path]


def check(file, paths):
    data, is_zipped = read(file)
    try:
        elf = Elf(data)
        faults = [*faults_of_layout(elf), *faults_of_calls(elf), *faults_of_paths(data, paths)]
    except (struct.error, IndexError, ValueError) as error:
        raise Unreadable(f"damaged: {error}") from error
    if not is_zipped:
        faults += faults_of_options(file)
    for fault in faults:
        print(f"{file}: {fault}")
    if not faults:
        features = ", ".join(f"{name} {'on' if is_on else 'off'}" for name, is_on in elf.features().items())
        print(f"{file}: hardened{'; ' if features else ''}{features}")
    return not faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", action="append", default=[], help="no file may hold this path, either")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    paths = paths_of_machine(arguments.path)
    status = 0
    for file in arguments.files:
        try:
            if not check(file, paths):
                status = max(status, 1)
        except Unreadable as error:
            print(f"{file}: {error}", file=sys.stderr)
            status = 2
    return status


if __name__ == "__main__":
    sys.exit(main())
