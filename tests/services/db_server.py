"""Debian's MariaDB in a folder of its own, on loopback with TLS, and a proxy in front of it that cuts connections.

db_server.py prints "PORT n" (the server's) and takes commands from standard input, a line each, with a line of reply;
at the end of standard input, or on SIGTERM, it stops everything and removes the folder. DB_PLUGIN_DIR in the environment is
the server's folder of plugins.

    proxy                  the proxy's port
    folder                 the folder: ca.pem, good.pem, wrong.pem, expired.pem (make_certificates.sh), other-ca.pem
    sql STATEMENT          run as root with the mariadb command; rows joined by "|", columns by tabs
    certificate NAME       new connections get NAME.pem
    kill / start           SIGKILL the server; start it again with what it left
    freeze / thaw          SIGSTOP, SIGCONT
    cut request N          the proxy cuts every connection when the Nth request from now arrives, not passing it on
    cut reply N            the same at the Nth reply: the server has done its work
    cut no                 no more
    break N                the proxy cuts when N more bytes have come from the server
"""

import fcntl
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = next((p for p in ("/usr/sbin/mariadbd", "/usr/bin/mariadbd") if os.path.exists(p)), "mariadbd")
AS_ROOT = ["--user=root"] if os.getuid() == 0 else []
PLUGINS = ["--plugin-dir=" + os.environ["DB_PLUGIN_DIR"]] if "DB_PLUGIN_DIR" in os.environ else []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


END = "end of the reply"
TEMPLATE = "build/test-db"
TEMPLATE_S = 7 * 86400  # its certificates have 30 days


def is_fresh(key):
    try:
        with open(TEMPLATE + "/key", "rb") as kept:
            return kept.read() == key and time.time() - os.fstat(kept.fileno()).st_mtime < TEMPLATE_S
    except OSError:
        return False


def make_template(key):
    shutil.rmtree(TEMPLATE, ignore_errors=True)
    os.makedirs(TEMPLATE)
    certificates = subprocess.Popen(["sh", os.path.join(HERE, "make_certificates.sh"), TEMPLATE])
    # Seen from the folder: mariadb-install-db fails on blanks in paths.
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--datadir=./data",
         "--innodb-log-file-size=4M"] + AS_ROOT,
        cwd=TEMPLATE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if certificates.wait() != 0:
        raise RuntimeError("no certificates")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
         "-subj", "/CN=Another authority", "-keyout", TEMPLATE + "/other-ca.key", "-out", TEMPLATE + "/other-ca.pem"],
        check=True, stderr=subprocess.DEVNULL)
    with open(TEMPLATE + "/key", "wb") as kept:
        kept.write(key)


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = self.client = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self):
        """An empty database and certificates, from the template that the first one of a week makes."""
        os.makedirs("build", exist_ok=True)
        with open("build/test-db.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with open(__file__, "rb") as own:
                key = subprocess.check_output([SERVER, "--no-defaults", "--version"]) + own.read()
            if not is_fresh(key):
                make_template(key)
            subprocess.run(["cp", "-R", "--reflink=auto", TEMPLATE + "/.", self.folder], check=True)
        # Temporary tables are named after the process, and containers with one /tmp may have the same numbers.
        os.mkdir(self.path("tmp"))
        self.certificate("good")

    def certificate(self, name):
        for kind in ("pem", "key"):
            shutil.copy(self.path(f"{name}.{kind}"), self.path(f"server.{kind}"))
        if self.process:
            self.sql("FLUSH SSL")

    def start_first(self):
        """Another program may take a free port before the server does: then it takes another one."""
        for _ in range(4):
            try:
                return self.start()
            except RuntimeError as error:
                if "Bind on TCP/IP port" not in str(error):
                    raise
            self.port = free_port()
        self.start()

    def start(self):
        log = open(self.path("log"), "ab")
        # It dies with this process, even if that is killed.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", SERVER, "--no-defaults", "--datadir=" + self.path("data"),
             "--socket=" + self.path("socket"), "--pid-file=" + self.path("pid"), "--tmpdir=" + self.path("tmp"),
             f"--port={self.port}", "--bind-address=127.0.0.1",
             "--ssl-ca=" + self.path("ca.pem"), "--ssl-cert=" + self.path("server.pem"),
             "--ssl-key=" + self.path("server.key"), "--tls-version=TLSv1.2,TLSv1.3", "--skip-name-resolve",
             "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M",
             "--max-allowed-packet=32M", "--performance-schema=off", "--skip-log-bin", "--key-buffer-size=1M",
             "--local-infile=1", "--innodb-flush-log-at-trx-commit=2"] + PLUGINS + AS_ROOT,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 100
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.settimeout(5)
                    probe.connect(self.path("socket"))
                    if probe.recv(1):
                        return
            except OSError:
                time.sleep(0.02)
        with open(self.path("log"), "rb") as kept:
            raise RuntimeError("mariadbd did not start: " + kept.read()[-2000:].decode(errors="replace"))

    def sql(self, statement):
        if self.client is None:
            # --force: it goes on after an error; --unbuffered: each result comes at once.
            self.client = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", "mariadb", "--no-defaults", "--socket=" + self.path("socket"),
                 "--user=root", "--batch", "--skip-column-names", "--force", "--unbuffered",
                 "--default-character-set=utf8mb4"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.client.stdin.write(f"{statement};\nSELECT '{END}';\n".encode())
        self.client.stdin.flush()
        lines = []
        for line in self.client.stdout:
            line = line.decode(errors="replace").rstrip("\n")
            if line == END:
                break
            lines.append(line)
        error = next((line for line in lines if line.startswith("ERROR ")), None)
        return error or "|".join(lines)

    def end_client(self):
        if self.client is not None:
            self.client.kill()
            self.client.wait()
            self.client = None

    def freeze(self):
        """Every thread has stopped when it returns: the signal alone is only on its way."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = f"/proc/{self.process.pid}/task"
        while not all(self.state(f"{tasks}/{task}/stat") in "TX" for task in os.listdir(tasks)):
            time.sleep(0.01)

    @staticmethod
    def state(path):
        try:
            with open(path) as file:
                return file.read().rpartition(")")[2].split()[0]
        except OSError:
            return "X"  # the thread has ended

    def kill(self):
        self.end_client()
        self.process.kill()
        self.process.wait()


class Proxy:
    """Requests and replies are counted by changes of direction: inside of TLS nothing else can be seen."""

    def __init__(self, port):
        self.to = port
        self.lock = threading.Lock()
        self.cut_kind, self.cut_left = None, 0
        self.break_left = None
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self, kind, left):
        with self.lock:
            self.cut_kind, self.cut_left, self.break_left = kind, left, None

    def is_broken(self, size):
        with self.lock:
            if self.break_left is None:
                return False
            self.break_left -= size
            if self.break_left > 0:
                return False
            self.break_left = None
            return True

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def is_cut(self, kind):
        with self.lock:
            if self.cut_kind != kind:
                return False
            self.cut_left -= 1
            if self.cut_left > 0:
                return False
            self.cut_kind = None
            return True

    def serve(self, client):
        server = socket.socket()
        try:
            server.connect(("127.0.0.1", self.to))
            last = None
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    kind = "request" if source is client else "reply"
                    if kind != last and self.is_cut(kind):
                        return
                    last = kind
                    if kind == "reply" and self.is_broken(len(data)):
                        return
                    (server if source is client else client).sendall(data)
        except OSError:
            pass
        finally:
            client.close()
            server.close()


def answer(server, proxy, line):
    command, _, rest = line.partition(" ")
    if command == "proxy":
        return str(proxy.port)
    if command == "folder":
        return server.folder
    if command == "sql":
        return server.sql(rest)
    if command == "certificate":
        server.certificate(rest)
    elif command == "kill":
        server.kill()
    elif command == "start":
        server.start()
    elif command == "freeze":
        server.freeze()
    elif command == "thaw":
        server.process.send_signal(signal.SIGCONT)
    elif command == "cut":
        kind, _, count = rest.partition(" ")
        proxy.cut(None if kind == "no" else kind, int(count or 0))
    elif command == "break":
        proxy.break_left = int(rest)
    else:
        return "ERROR unknown command"
    return "ok"


def main():
    # As the end of standard input, and no exception, which could break off the removal of the folder.
    signal.signal(signal.SIGTERM, lambda *_: os.dup2(os.open(os.devnull, os.O_RDONLY), 0))
    folder = tempfile.mkdtemp(prefix="test-db-")
    server = Server(folder)
    try:
        server.make()
        server.start_first()
        proxy = Proxy(server.port)
        print("PORT %d" % server.port, flush=True)
        for line in sys.stdin:
            print(answer(server, proxy, line.rstrip("\n")), flush=True)
    finally:
        server.end_client()
        if server.process and server.process.poll() is None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
