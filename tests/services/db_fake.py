"""A server that speaks as much of MariaDB's protocol as it needs to be hostile.

db_fake.py CERTIFICATE KEY prints "PORT n" and takes commands from standard input, a line each, with a line of reply:
"mode MODE [ARGUMENT...]" for connections from then on, with tabs between the words, and "seen", whose reply is what clients
sent where they should have sent nothing, as hex.

    notls           offers no TLS
    oldtls          offers TLS 1.1 alone
    crowded         ERR 1040 in place of a greeting
    silent          never says anything
    stall N         goes silent at the Nth packet after the login
    cleartext       asks for the password in clear
    early           asks for the file ARGUMENT in reply to the first text
    infile          the same in reply to a prepared statement
    setting N TEXT  the Nth setting that is read back is TEXT
    mysql           is MySQL 8, keeps the texts it is sent, and grants locks
    second          a statement has a second result
    latin           a text column is not UTF-8
    login CODE      ERR CODE in reply to the login
    ed25519         asks for a signature by the password "secret"
    sha2 N          asks for a digest of the password "secret"; N 4: and then for itself, inside of TLS
"""

import base64
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # of the protocols that must be refused
CERTIFICATE, KEY = sys.argv[1:3]
MODE, ARGUMENTS = "plain", []
SETTINGS = ["+00:00",
            "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
            "utf8mb4", "utf8mb4", "utf8mb4", "READ-COMMITTED", "1", "1"]
# PASSWORD('secret') of MariaDB's ed25519, as its documentation has it: the public key.
PUBLIC_KEY = base64.b64decode("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY=")
NONCE = b"abcdefghijklmnopqrstuvwxyz012345"

CAPABILITIES = 1 | 8 | 0x80 | 0x200 | 0x2000 | 0x8000 | 0x10000 | 0x20000 | 0x40000 | 0x80000
SSL = 0x800
OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
seen = []


def is_signed(signature):
    """By openssl, as an Ed25519 signature of NONCE."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("key", bytes.fromhex("302a300506032b6570032100") + PUBLIC_KEY), ("nonce", NONCE),
                              ("signature", signature)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key", "-in",
                               "nonce", "-sigfile", "signature"], cwd=folder, capture_output=True).returncode == 0


def sha2_digest(password, nonce):
    once = hashlib.sha256(password).digest()
    twice = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(once, twice))


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.sequence = 0
        self.stalled_at = int(ARGUMENTS[0]) if MODE == "stall" else 0

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.stream.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        head = self.read(4)
        self.sequence = head[3] + 1
        return self.read(head[0] | head[1] << 8 | head[2] << 16)

    def send(self, *payloads):
        data = b""
        for payload in payloads:
            data += struct.pack("<I", len(payload))[:3] + bytes([self.sequence & 255]) + payload
            self.sequence += 1
        self.stream.sendall(data)

    def error(self, code, text):
        self.send(b"\xff" + struct.pack("<H", code) + b"#08004" + text)

    def greet(self):
        offered = CAPABILITIES | (0 if MODE == "notls" else SSL)
        version = b"8.0.36" if MODE == "mysql" else b"5.5.5-10.11.19-MariaDB"
        self.send(b"\x0a" + version + b"\0" + struct.pack("<I", 7) + b"12345678\0" + struct.pack("<H", offered & 0xffff) +
                  b"\x2d\2\0" + struct.pack("<H", offered >> 16) + b"\x15" + bytes(10) + b"abcdefghijkl\0" +
                  b"mysql_native_password\0")

    def start_tls(self):
        self.receive()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if MODE == "oldtls":
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(CERTIFICATE, KEY)
        self.stream = context.wrap_socket(self.stream, server_side=True)

    def text_row(self, values):
        column = b"\3def\0\0\0\1v\1v\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"
        row = b"".join(bytes([len(value)]) + value.encode() for value in values)
        self.send(bytes([len(values)]), *[column] * len(values), EOF, row, EOF)

    def ask_for_file(self):
        self.send(b"\xfb" + ARGUMENTS[0].encode())
        seen.append(self.receive())
        self.send(OK)

    def execute(self):
        if MODE == "infile":
            self.ask_for_file()
        elif MODE == "second":
            self.send(b"\0\0\0\x0a\0\0\0", OK)
        elif MODE == "latin":
            column = b"\3def\0\0\0\1v\1v\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"
            self.send(b"\1", column, EOF, b"\0\0\4a\xff\xfeb", EOF)
        else:
            self.send(OK)

    def prepare(self):
        if MODE == "latin":
            column = b"\3def\0\0\0\1v\1v\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"
            self.send(b"\0\1\0\0\0\1\0\0\0\0\0\0", column, EOF)
        else:
            self.send(b"\0\1\0\0\0\0\0\0\0\0\0\0")

    def serve_commands(self):
        packets = 0
        while True:
            packet = self.receive()
            packets += 1
            if packets == self.stalled_at:
                self.read(1)
            command = packet[0]
            if MODE == "mysql" and command == 3:
                seen.append(packet[1:] + b"\n")
            if command == 3 and MODE == "early":
                self.ask_for_file()
            elif command == 3 and packet.startswith(b"\3SELECT @@"):
                settings = list(SETTINGS)
                if MODE == "setting":
                    settings[int(ARGUMENTS[0])] = ARGUMENTS[1]
                self.text_row(settings)
            elif MODE == "mysql" and b"_LOCK(" in packet:
                self.text_row(["1"])
            elif MODE == "mysql" and packet.startswith(b"\3SELECT name, checksum "):
                self.text_row(["other"] * int((ARGUMENTS or ["2"])[0]))
            elif command == 0x16:
                self.prepare()
            elif command == 0x17:
                self.execute()
            elif command == 1:
                return
            elif command != 0x19:
                self.send(OK)

    def check_login(self):
        if MODE == "ed25519":
            self.send(b"\xfeclient_ed25519\0" + NONCE)
            return is_signed(self.receive())
        if MODE == "sha2":
            nonce = NONCE[:20]
            self.send(b"\xfecaching_sha2_password\0" + nonce + b"\0")
            if ARGUMENTS[0] == "3":
                if self.receive() != sha2_digest(b"secret", nonce):
                    return False
                self.send(b"\1\3")
                return True
            self.receive()
            self.send(b"\1\4")
            return self.receive() == b"secret\0"
        return True

    def serve(self):
        if MODE == "silent":
            self.read(1)
        if MODE == "crowded":
            self.error(1040, b"Too many connections")
            return
        self.greet()
        if MODE == "notls":
            seen.append(self.receive())
            return
        self.start_tls()
        self.receive()
        if MODE == "login":
            self.error(int(ARGUMENTS[0]), b"Access denied for user 'app'@'10.0.0.1' (using password: YES)")
            return
        if MODE == "cleartext":
            self.send(b"\xfemysql_clear_password\0")
            seen.append(self.receive())
        if not self.check_login():
            self.error(1045, b"Access denied")
            return
        self.send(OK)
        self.serve_commands()


def serve(stream):
    try:
        Connection(stream).serve()
    except (OSError, EOFError):
        pass
    finally:
        stream.close()


def accept(listener):
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=serve, args=(stream,), daemon=True).start()


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(8)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
print("PORT %d" % listener.getsockname()[1], flush=True)
for line in sys.stdin:
    words = line.rstrip("\n").split("\t")
    if words[0] == "seen":
        print("seen " + b"".join(seen).hex(), flush=True)
    else:
        MODE, ARGUMENTS = words[1], words[2:]
        seen.clear()
        print("ok", flush=True)
