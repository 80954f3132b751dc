#!/usr/bin/python3
"""webhook-send against a real HTTP server that verifies every signature with Python's hmac and
cryptography's Ed25519: one event in each scheme, and files of events in order, shuffled, doubled,
damaged, at a rate, sent again after failures, shared by processes."""
import base64
import collections
import contextlib
import datetime
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("BUILD", "build/release") / "bin/webhook-send"
PLATFORM = "canary-platform-secret"
STANDARD = base64.b64encode(b"standard-key-of-32-bytes-in-all!").decode()
TOSS = "0123456789abcdef0123456789abcdef"
SEED = bytes(range(32))
SECRETS = json.dumps({"platform": [PLATFORM], "standard": ["whsec_" + STANDARD,
                      "whsk_" + base64.b64encode(SEED).decode()], "toss": TOSS, "tossTokens": ["x" * 20]})


def mac(key, content):
    return hmac.new(key, content, hashlib.sha256).digest()


def is_near(text, offset_s=0):
    return abs(float(text) - time.time() - offset_s) < 60


def verify(headers, body, offset_s=0):
    """The scheme whose signature holds, "none" for a request without any, or None."""
    if "x-webhook-signature" in headers:
        return "platform" if headers["x-webhook-signature"] == mac(PLATFORM.encode(), body).hex() else None
    if "webhook-signature" in headers:
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        if not is_near(headers["webhook-timestamp"], offset_s):
            return None
        version, _, signature = headers["webhook-signature"].partition(",")
        if version == "v1":
            expected = base64.b64encode(mac(base64.b64decode(STANDARD), content)).decode()
            return "standard" if signature == expected else None
        try:
            Ed25519PrivateKey.from_private_bytes(SEED).public_key().verify(base64.b64decode(signature), content)
            return "standard-public" if version == "v1a" else None
        except InvalidSignature:
            return None
    if "tosspayments-webhook-signature" in headers:
        sent = headers["tosspayments-webhook-transmission-time"]
        at = datetime.datetime.fromisoformat(sent.replace("Z", "+00:00")).timestamp()
        for scheme, key in (("toss", TOSS.encode()), ("toss-bytes", bytes.fromhex(TOSS))):
            expected = "v1:" + base64.b64encode(mac(key, body + b":" + sent.encode())).decode()
            if headers["tosspayments-webhook-signature"] == expected and is_near(at, offset_s):
                return scheme
        return None
    return "none"


class Receiver:
    """Requests are kept as (path, scheme, body, headers); respond(request) gives a status, None: the
    connection is closed."""

    def __init__(self, respond=None, keeps=True):
        self.requests, self.lock = [], threading.Lock()
        self.active = self.most_active = self.connections = 0
        self.respond, self.offset_s = respond or (lambda request: 200 if request[1] else 401), 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                with receiver.lock:
                    receiver.connections += 1

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = (self.path, verify(headers, body, receiver.offset_s), body, headers)
                with receiver.lock:
                    receiver.active += 1
                    receiver.most_active = max(receiver.most_active, receiver.active)
                    if keeps:
                        receiver.requests.append(request)
                status = receiver.respond(request)
                with receiver.lock:
                    receiver.active -= 1
                if status is None:
                    self.close_connection = True
                    return
                content = b'{"status":"%d"}' % status
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def send(*arguments, data=b"", secret=SECRETS, **options):
    environment = {name: value for name, value in os.environ.items() if name != "WEBHOOK_SECRET"}
    if secret is not None:
        environment["WEBHOOK_SECRET"] = secret
    done = subprocess.run([str(PROGRAM), *map(str, arguments)], input=data, env=environment, check=False,
                          capture_output=True, timeout=120, **options)
    for text in (done.stdout, done.stderr):
        for canary in (PLATFORM, STANDARD, TOSS, base64.b64encode(SEED).decode()):
            assert canary.encode() not in text, "a secret was printed"
    assert done.returncode in (0, 1, 2, 3) and b"Sanitizer" not in done.stderr, done
    return done


def replay(receiver, events, *arguments, expected=0, **options):
    """The summary; events are dicts, or a line as it is."""
    lines = "".join((event if isinstance(event, str) else json.dumps(event)) + "\n" for event in events)
    with tempfile.NamedTemporaryFile() as file:
        file.write(lines.encode())
        file.flush()
        done = send("replay", "--json", *arguments, receiver.url, file.name, **options)
    assert done.returncode == expected, done
    return json.loads(done.stdout) if done.stdout else done.stderr.decode()


def events_of(count, scheme="platform"):
    return [{"path": f"/webhooks/{n % 7}", "scheme": scheme, "body": {"n": n, "name": "한글"}} for n in range(count)]


def numbers(receiver):
    return [json.loads(request[2])["n"] for request in receiver.requests if request[1]]


# ---------------------------------------------------------------------------- one event

def one_event_in_each_scheme():
    with Receiver() as receiver:
        for scheme in ("platform", "standard", "standard-public", "toss", "toss-bytes", "none"):
            body = f' {{"scheme":"{scheme}","bytes":"\\u0000한"}}\n'.encode()
            done = send("--scheme", scheme, receiver.url + "/webhooks/x", "-", data=body)
            assert (done.returncode, done.stdout) == (0, b'200\n{"status":"200"}\n'), done
            path, verified, received, headers = receiver.requests[-1]
            assert (path, verified, received) == ("/webhooks/x", scheme, body)
            assert headers["content-type"] == "application/json"


def identity_and_time():
    with Receiver() as receiver:
        url = receiver.url + "/a"
        send("--scheme", "standard", "--id", "msg_7", "--content-type", "text/plain", url, "-", data=b"{}")
        assert receiver.requests[-1][1] == "standard"
        assert (receiver.requests[-1][3]["webhook-id"], receiver.requests[-1][3]["content-type"]) == ("msg_7", "text/plain")
        ids = []
        for body in (b"{}", b"{}", b"[]"):
            send("--scheme", "standard", url, "-", data=body)
            ids.append(receiver.requests[-1][3]["webhook-id"])
        assert ids[0] == ids[1] != ids[2], "an id is that of the body"
        receiver.offset_s = -3600
        for scheme in ("standard", "toss"):
            send("--scheme", scheme, "--time", "now-3600", url, "-", data=b"{}")
            assert receiver.requests[-1][1] == scheme
        send("--scheme", "standard", "--time", "2026-01-02T03:04:05Z", url, "-", data=b"{}")
        assert receiver.requests[-1][3]["webhook-timestamp"] == "1767323045"


def results_of_one_event():
    with Receiver(respond=lambda request: 409) as receiver:
        done = send("--json", receiver.url, "-", data=b"{}")
        assert done.returncode == 1
        reply = json.loads(done.stdout)
        assert (reply["status"], reply["body"]) == (409, '{"status":"409"}') and reply["durationMs"] >= 0
    done = send(receiver.url, "-", data=b"{}")
    assert done.returncode == 1 and done.stdout == b"" and b"webhook-send: " in done.stderr, done


def secrets_of_a_file_and_words():
    with Receiver() as receiver, tempfile.NamedTemporaryFile() as file:
        file.write(f" {PLATFORM}\n whsec_{STANDARD}\n".encode())
        file.flush()
        for scheme in ("platform", "standard"):
            done = send("--secret-file", file.name, "--scheme", scheme, receiver.url, "-", data=b"{}", secret=None)
            assert done.returncode == 0 and receiver.requests[-1][1] == scheme, done
        assert send("--scheme", "toss", receiver.url, "-", data=b"{}", secret=TOSS).returncode == 0
        count = len(receiver.requests)
        for arguments, secret in (([], None), (["--scheme", "toss"], "whsec_" + STANDARD),
                                  (["--secret-file", "/nonexistent"], None), ([], "{"), ([], '{"platform":[5]}'),
                                  ([], "x" * 300), (["--scheme", "standard"], "whsec_AAAA"),
                                  (["--scheme", "standard-public"], "whsk_AAAA")):
            done = send(*arguments, receiver.url, "-", data=b"{}", secret=secret)
            assert done.returncode == 3 and done.stderr.startswith(b"webhook-send: "), (arguments, secret, done)
        assert len(receiver.requests) == count, "nothing is sent without a secret"


def usage():
    done = send("--help")
    assert done.returncode == 0 and done.stdout.startswith(b"usage: webhook-send")
    for arguments in ([], ["http://127.0.0.1:1/"], ["a", "b", "c"], ["--scheme", "hmac", "a", "b"], ["--jobs", "2", "a", "b"],
                      ["--time", "yesterday", "a", "b"], ["replay", "--jobs", "17", "a", "b"],
                      ["replay", "--double", "101", "a", "b"], ["replay", "--part", "3/2", "a", "b"],
                      ["replay", "--part", "0/2", "a", "b"], ["replay", "--rate", "0", "a", "b"],
                      ["replay", "--rate", "nan", "a", "b"], ["replay", "--shuffle"], ["replay", "--id", "x", "a", "b"]):
        done = send(*arguments)
        assert done.returncode == 2 and b"usage: " in done.stderr, (arguments, done)
    for url in ("nonsense", "ftp://127.0.0.1/", "http://127.0.0.1/\n"):
        assert send(url, "-", data=b"{}").returncode == 3, url


# ---------------------------------------------------------------------------- files of events

def replay_in_order():
    with Receiver() as receiver:
        mixed = [{**event, "scheme": scheme, "id": f"id-{i}"} for i, (event, scheme) in enumerate(
            zip(events_of(60), ["platform", "standard", "standard-public", "toss", "toss-bytes", "none"] * 10))]
        summary = replay(receiver, [*mixed[:30], "", "  \t", *mixed[30:]])
        assert numbers(receiver) == list(range(60))
        assert [request[1] for request in receiver.requests] == [event["scheme"] for event in mixed]
        assert [request[0] for request in receiver.requests] == [event["path"] for event in mixed]
        assert receiver.requests[7][3]["webhook-id"] == "id-7"
        assert receiver.connections == 1, "the connection is kept"
        assert (summary["accepted"], summary["refused"], summary["requests"]) == (60, 0, 60)
        assert summary["statuses"] == {"200": 60} and summary["failures"] == {}
        assert 0 < summary["latencyMs"]["p50"] <= summary["latencyMs"]["p99"] <= summary["latencyMs"]["max"]
        assert summary["requestsPerSecond"] > 0 and summary["durationMs"] > 0
        text = send("replay", "--scheme", "none", receiver.url + "/", "-", data=b'{"path":"/p","text":"a\\u0000b"}')
        assert text.returncode == 0 and b"1 events accepted, 0 not" in text.stdout and b"p99" in text.stdout, text
        assert receiver.requests[-1][:3] == ("/p", "none", b"a\0b"), "text is sent byte for byte"


def several_at_a_time():
    barrier = threading.Barrier(8)

    def together(_):
        barrier.wait(30)  # no request is answered before eight are here
        return 200

    with Receiver(respond=together) as receiver:
        summary = replay(receiver, events_of(80), "--jobs", 8)
        assert summary["accepted"] == 80 and sorted(numbers(receiver)) == list(range(80))
        assert receiver.most_active == 8 and receiver.connections == 8


def shuffled_and_doubled():
    orders = []
    for seed in (5, 5, 6):
        with Receiver() as receiver:
            summary = replay(receiver, events_of(200), "--shuffle", seed, "--double", 30)
            counts = collections.Counter(numbers(receiver))
            assert set(counts) == set(range(200)) and set(counts.values()) == {1, 2}
            assert summary["accepted"] == summary["requests"] == sum(counts.values())
            assert 30 < list(counts.values()).count(2) < 90
            orders.append(numbers(receiver))
    assert orders[0] == orders[1] != orders[2] and orders[0] != sorted(orders[0])
    with Receiver() as receiver:
        replay(receiver, events_of(100), "--double", 100)
        assert numbers(receiver) == [n for n in range(100) for _ in range(2)]


def damaged_copies():
    for scheme in ("platform", "standard", "standard-public", "toss"):
        with Receiver(respond=lambda request: 200 if request[1] not in (None, "none") else 401) as receiver:
            summary = replay(receiver, events_of(150, scheme), "--corrupt", 50, "--shuffle", 3, "--jobs", 4)
            refused = [request for request in receiver.requests if request[1] in (None, "none")]
            whole = [json.loads(request[2])["n"] for request in receiver.requests if request not in refused]
            assert sorted(whole) == list(range(150)), "every event arrives whole as well"
            assert 45 < len(refused) == summary["damaged"] == summary["statuses"]["401"] < 105
            assert (summary["damagedAccepted"], summary["accepted"], summary["refused"]) == (0, 150, 0)
            assert any(request[1] == "none" for request in refused) and len({len(request[2]) for request in refused}) > 2
    with Receiver(respond=lambda request: 200) as receiver:
        summary = replay(receiver, events_of(20), "--corrupt", 100, expected=1)
        assert summary["damagedAccepted"] == 20, "a receiver that takes anything is found out"
    with Receiver() as receiver:
        replay(receiver, events_of(20, "none"), "--corrupt", 100, expected=1)
        assert sum(request[2].endswith(b"}") for request in receiver.requests) == 20, "unsigned: no JSON any more"


def sent_again():
    seen, lock = collections.Counter(), threading.Lock()

    def unwilling(request):
        n = json.loads(request[2])["n"]
        with lock:
            seen[n] += 1
            return [200, 500, None, 409, 404, 400, 429][n % 7] if seen[n] <= 2 else 200

    def summary_of(*arguments, **options):
        seen.clear()
        with Receiver(respond=unwilling) as receiver:
            return replay(receiver, events_of(70), "--retry-delay", 1, *arguments, **options)

    none = summary_of(expected=1)
    assert (none["accepted"], none["refused"], none["retries"]) == (10, 60, 0), none
    assert none["statuses"] == {"200": 10, "500": 10, "409": 10, "404": 10, "400": 10, "429": 10}
    assert sum(none["failures"].values()) == 10, none
    few = summary_of("--retry", 1, expected=1)
    assert (few["accepted"], few["refused"], few["retries"]) == (10, 60, 30), few
    some = summary_of("--retry", 2, "--shuffle", 1, "--jobs", 5, expected=1)
    assert (some["accepted"], some["refused"], some["retries"]) == (40, 30, 60), some
    most = summary_of("--retry", 9, "--retry-refused", "--jobs", 3, expected=1)
    assert (most["accepted"], most["refused"], most["retries"]) == (60, 10, 100), most
    assert most["statuses"]["400"] == 10, "400 is final"


def shared_by_processes():
    with Receiver() as receiver:
        for part in (1, 2, 3):
            replay(receiver, events_of(50), "--part", f"{part}/3", "--shuffle", 9)
        assert sorted(numbers(receiver)) == list(range(50))


def at_a_rate():
    with Receiver() as receiver:
        summary = replay(receiver, events_of(20), "--rate", 100, "--jobs", 4)
        assert summary["durationMs"] >= 189, summary


def a_receiver_that_hangs():
    release = threading.Event()
    with Receiver(respond=lambda request: 200 if release.wait(60) else 200) as receiver:
        summary = replay(receiver, events_of(2), "--timeout", 100, expected=1)
        assert summary["failures"] == {"DEADLINE": 2} and summary["statuses"] == {}, summary
        release.set()


def faulty_lines():
    good = json.dumps(events_of(1)[0])
    for line in ("{", "[]", "5", "{}", '{"path":"/a"}', '{"path":"a","body":{}}', '{"path":"/a","body":{},"text":""}',
                 '{"path":"/a","body":{},"scheme":"x"}', '{"path":"/a","body":{},"scheme":null}',
                 '{"path":"/a","body":{},"id":7}', '{"path":"/a","text":7}', '{"path":"/a","body":{},"id":"' + "x" * 129 + '"}',
                 '{"path":"/' + "a" * 256 + '","body":{}}', '{"path":"/a","path":"/a","body":{}}', "\xff"):
        with Receiver() as receiver:
            error = replay(receiver, [good, line, good], expected=3)
            assert error.startswith("webhook-send: "), error
            assert len(receiver.requests) <= 1
    with Receiver() as receiver:
        assert replay(receiver, [], "--shuffle", 1)["requests"] == 0
        assert send("replay", receiver.url, "/nonexistent").returncode == 3


def memory_does_not_grow():
    """30 MB of events within a small address space; not with a sanitizer, which reserves its own."""
    if "san" in os.environ.get("CONFIG", ""):
        return
    limit = 120 << 20

    def bounded():
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    def peak(count, text):
        with Receiver(keeps=False) as receiver, tempfile.NamedTemporaryFile() as file:
            line = json.dumps({"path": "/a", "scheme": "none", "text": text}) + "\n"
            file.write((line * count).encode())
            file.flush()
            code = ("import resource,subprocess,sys;r=subprocess.run(sys.argv[1:]).returncode;"
                    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);sys.exit(r)")
            done = subprocess.run([sys.executable, "-c", code, str(PROGRAM), "replay", "--shuffle", "1", "--jobs", "4",
                                   receiver.url, file.name], capture_output=True, preexec_fn=bounded, check=False)
            assert done.returncode == 0, done
            return int(done.stdout.split()[-1])

    small, large = peak(10, "x" * 60000), peak(300, "x" * 60000)
    assert large < small + 3000, (small, large)


TESTS = [
    one_event_in_each_scheme, identity_and_time, results_of_one_event, secrets_of_a_file_and_words, usage,
    replay_in_order, several_at_a_time, shuffled_and_doubled, damaged_copies, sent_again, shared_by_processes,
    at_a_rate, a_receiver_that_hangs, faulty_lines, memory_does_not_grow,
]


def main():
    failures = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}")
        except Exception:  # pylint: disable=broad-except
            failures += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().strip().replace("\n", "\n# "))
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
