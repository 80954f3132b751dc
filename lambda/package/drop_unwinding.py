"""drop_unwinding.py PROGRAM: fills the tables for unwinding the stack with zeros, in place. Removing their sections would
move what follows, and strip then drops the segment of RELRO; zeros take no space in a zip."""

import pathlib
import struct
import sys

TABLES = (b".eh_frame", b".eh_frame_hdr")
path = pathlib.Path(sys.argv[1])
data = bytearray(path.read_bytes())
sections_at = struct.unpack_from("<Q", data, 40)[0]
size, count, names = struct.unpack_from("<HHH", data, 58)
sections = [struct.unpack_from("<IIQQQQ", data, sections_at + i * size) for i in range(count)]
for name, _, _, _, offset, length in sections:
    begin = sections[names][4] + name
    if bytes(data[begin : data.index(0, begin)]) in TABLES:
        data[offset : offset + length] = bytes(length)
path.write_bytes(data)
