"""Toss's query API on loopback, and the function that the twin posts to: toss_server.py [CERTIFICATE KEY].

Prints "PORT number"; ends with its standard input. Each line of it is a command with a reply of one line:

    key TEXT             the merchant's secret key; other requests get 401
    payment ID JSON      what ID (a payment key or an order's id) returns
    transactions JSON    the list, in Toss's order
    fault NAME COUNT     the next COUNT requests suffer it: an HTTP status, "STATUS:CODE", hang, slow, cut, html,
                         redirect, huge
    post STATUS          of the posts
    requests             JSON of the requests since the last time: method, path, headers, body as base64
    clear                no payments, transactions, faults and requests
"""
import base64
import http.server
import json
import ssl
import sys
import threading
import urllib.parse

lock = threading.Lock()
ended = threading.Event()
state = {}


def clear():
    state.update(payments={}, transactions=[], fault=("", 0), post=200, requests=[])


def time_of(transaction):
    return transaction["transactionAt"][:19]


def listed(query):
    """A page: times are Korean without an offset, the end belongs to it, startingAfter does not."""
    query = {name: values[0] for name, values in query.items()}
    found = [t for t in state["transactions"]
             if query["startDate"] <= time_of(t) <= query["endDate"]]
    if "startingAfter" in query:
        keys = [t["transactionKey"] for t in found]
        if query["startingAfter"] not in keys:
            return None
        found = found[keys.index(query["startingAfter"]) + 1:]
    return found[:int(query.get("limit", "100"))]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def reply(self, status, body, kind="application/json", headers=()):
        body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        body = b"" if status == 204 else body  # else it would be taken for the next response
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, body):
        with lock:
            state["requests"].append({
                "method": self.command, "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": base64.b64encode(body).decode()})
            name, count = state["fault"]
            state["fault"] = (name, count - 1) if count > 1 else ("", 0)
            return name

    def suffer(self, fault):
        """Whether the fault was the response."""
        if fault.split(":")[0].isdigit():
            status, _, code = fault.partition(":")
            self.reply(int(status), {"code": code or "FAILED", "message": "실패"})
        elif fault == "hang":
            ended.wait(30)
            self.close_connection = True
        elif fault == "slow":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            while not ended.wait(0.02):
                self.wfile.write(b" ")
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"paymentKey":')
            self.close_connection = True
        elif fault == "html":
            self.reply(200, b"<html>in maintenance</html>", "text/html")
        elif fault == "redirect":
            self.reply(302, b"", headers=[("Location", "/elsewhere")])
        elif fault == "huge":
            self.reply(200, b" " * (1 << 20))
        return fault != ""

    def do_GET(self):
        if self.suffer(self.note(b"")):
            return
        with lock:
            expected = "Basic " + base64.b64encode((state["key"] + ":").encode()).decode()
            path, _, query = self.path.partition("?")
            payment = None
            if path.startswith("/v1/payments/"):
                name = path[len("/v1/payments/"):]
                name = name[len("orders/"):] if name.startswith("orders/") else name
                payment = state["payments"].get(urllib.parse.unquote(name))
            elif path == "/v1/transactions":
                payment = listed(urllib.parse.parse_qs(query))
        if self.headers.get("Authorization") != expected:
            self.reply(401, {"code": "UNAUTHORIZED_KEY", "message": "인증되지 않은 시크릿 키"})
        elif payment is None:
            self.reply(404, {"code": "NOT_FOUND_PAYMENT", "message": "존재하지 않는 결제"})
        else:
            self.reply(200, payment)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self.suffer(self.note(body)):
            self.reply(state["post"], {"status": "ok"})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not issubclass(sys.exc_info()[0], OSError):
            super().handle_error(request, client_address)


def command(line):
    word, _, rest = line.partition(" ")
    if word == "key":
        state["key"] = rest
    elif word == "payment":
        name, _, text = rest.partition(" ")
        state["payments"][name] = text.encode()
    elif word == "transactions":
        state["transactions"] = json.loads(rest)
    elif word == "fault":
        name, count = rest.split(" ")
        state["fault"] = (name, int(count))
    elif word == "post":
        state["post"] = int(rest)
    elif word == "requests":
        found, state["requests"] = state["requests"], []
        return json.dumps(found)
    elif word == "clear":
        clear()
    else:
        raise ValueError(line)
    return "ok"


def main():
    clear()
    state["key"] = ""
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("PORT %d" % server.server_address[1], flush=True)
    for line in sys.stdin:
        with lock:
            reply = command(line.rstrip("\n"))
        print(reply, flush=True)
    ended.set()


main()
