"""S3, SQS, SES v2, Secrets Manager, DynamoDB, Lambda and CodeDeploy on loopback, for the tests of the client layer.

Small, but strict: every request's signature is computed again by botocore's signer and refused if it
differs, bodies are compared with their hashes and checksums, parameters with botocore's models. And
it fails on demand. aws_server.py [CERTIFICATE KEY]: with them by TLS. Prints "PORT number"; then each line of standard input is a JSON object with
 faults    what to do to the next requests, one entry each (see Handler.fault)
 skew      seconds that its clock is ahead
 token     the session token that is valid from now on ("": none)
 denied    actions that no policy allows ("s3:GetObject", "s3:ListBucket"); with "named" the messages name the action
 object    {bucket/key: {...}}: stores an object with these fields
 owner_is_needed  every S3 request must state the owner of the bucket
 list_edits       [[old, new], ...]: replaced in lists of keys
 wrong_md5        the member of SQS's results that is wrong from now on
 secret, secrets  the current one of "db"; {name/stage: password} of others
 ses_refusal      [status, code, message] for mails to refused@example.com
 tables           of DynamoDB: see aws_dynamodb.py
 function, revisions, hooks  of Lambda and CodeDeploy: see aws_deploy.py
 idle      "close" or "reset": ends the kept connections before the reply
and the reply is a JSON object {requests: [...], objects: {...}, uploads: n, mails: [...], queue: [...],
tables: {...}, invoked: [...], hooks: {...}}; requests are those since the last line.
"""

import datetime
import email.utils
import hashlib
import http.server
import json
import os
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time
import zlib
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

sys.dont_write_bytecode = True
import aws_deploy
import aws_dynamodb
import aws_s3
import aws_sqs
from aws_world import (KEY, REGION, SECRET, Refusal, check_model, crc32, crc64nvme, lock, models,
                       world)

kept = {}  # connections by the pipe that wakes their handlers


def end_idle(how):
    """Ends the connections that are open: "close" by FIN, "reset" by RST."""
    with lock:
        handlers = list(kept.items())
        for _, handler in handlers:
            handler.has_ended = threading.Event()
        for waker, _ in handlers:
            os.write(waker, how[:1].encode())
    for _, handler in handlers:
        handler.has_ended.wait(10)


class Handler(aws_s3.S3, aws_sqs.Sqs, aws_deploy.Deploy,
              http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    has_ended = threading.Event()

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + world["skew"], usegmt=True)

    # ---------------------------------------------------------------- idle connections

    def setup(self):
        super().setup()
        self.wake, self.waker = os.pipe()
        with lock:
            kept[self.waker] = self

    def handle_one_request(self):
        """Waits for a request, or until the connection is to be ended (see end_idle)."""
        ready, _, _ = select.select([self.connection, self.wake], [], [])
        if self.wake in ready:
            self.drop(reset=os.read(self.wake, 1) == b"r")
        else:
            super().handle_one_request()

    def finish(self):
        super().finish()
        with lock:
            kept.pop(self.waker, None)
        os.close(self.wake)
        os.close(self.waker)
        self.has_ended.set()

    # ---------------------------------------------------------------- responding

    def respond(self, status, body=b"", headers=(), fault=""):
        """Head and body, damaged by `fault`."""
        headers = dict(headers)
        if fault == "flip" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if fault == "flip-truncate":
            body, fault = bytes([body[0] ^ 1]) + body[1:], "truncate"
        if fault == "checksum":
            headers["x-amz-checksum-crc32"] = crc32(body + b"x")
        if fault.startswith("resume-") and status == 206:
            status, body = self.wrong_range(fault, body, headers)
        if fault.startswith("again-") and status == 200:
            status, body = self.wrong_repeat(fault, body, headers)
        length = len(body)
        if self.command == "HEAD":
            length = int(headers.pop("Content-Length", 0))
        if fault == "longer":
            length += 10
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("x-amz-request-id", "REQUEST-ID-1")
        self.send_header("x-amz-id-2", "HOST-ID")
        if status not in (204, 304):
            self.send_header("Content-Length", str(length))
        if fault == "many-headers":
            for i in range(3000):
                self.send_header("x-flood-%d" % i, "x" * 30)
        if fault == "long-header":
            self.send_header("x-flood", "x" * 90000)
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault in ("truncate", "truncate-reset", "stall", "longer"):
            self.wfile.write(body[: len(body) // 2] if fault != "longer" else body)
            self.wfile.flush()
            if fault == "stall":
                self.connection.settimeout(30)
                try:
                    self.connection.recv(1)
                except OSError:
                    pass
            self.drop(reset=fault == "truncate-reset")
        elif fault == "drip":
            for i in range(len(body)):
                self.wfile.write(body[i : i + 1])
                self.wfile.flush()
                time.sleep(0.005)
        else:
            self.wfile.write(body)

    def wrong_range(self, fault, body, headers):
        """A response to a range request that is not the rest of the same object. None carries a
        checksum, and each has the requested size, except for resume-entire."""
        first, last, total = map(int, re.findall(r"\d+", headers["Content-Range"]))
        ranges = {"resume-before": (first - 1, last - 1, total),
                  "resume-after": (first + 1, last + 1, total),
                  "resume-short": (first, last - 1, total),
                  "resume-total": (first, last, total + 1)}
        if fault in ranges:
            headers["Content-Range"] = "bytes %d-%d/%d" % ranges[fault]
        if fault in ("resume-200", "resume-entire", "resume-no-range"):
            del headers["Content-Range"]
        if fault == "resume-etag":
            headers["ETag"] = "\"00000000000000000000000000000000\""
        if fault == "resume-no-etag":
            del headers["ETag"]
        if fault == "resume-entire":
            body = body[:1] * total
        return 200 if fault in ("resume-200", "resume-entire", "resume-status") else 206, body

    def wrong_repeat(self, fault, body, headers):
        """A response to a repeated request that is not the same object. Its checksum fits it."""
        if fault == "again-etag":
            headers["ETag"] = "\"00000000000000000000000000000000\""
        if fault == "again-no-etag":
            del headers["ETag"]
        if fault == "again-shorter":
            body = body[:-1]
        if fault == "again-other":
            body = bytes([body[0] ^ 1]) + body[1:]
        if "x-amz-checksum-crc32" in headers:
            headers["x-amz-checksum-crc32"] = crc32(body)
        return 206 if fault == "again-206" else 200, body

    def drop(self, reset=False):
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, refusal, fault=""):
        if self.service == "s3":
            body = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s"
                    "</Message><RequestId>REQUEST-ID-1</RequestId></Error>"
                    % (refusal.code, escape(refusal.message)))
            kind = "application/xml"
        else:
            body = json.dumps({"__type": "com.amazonaws.x#" + refusal.code,
                               "message": refusal.message, **refusal.extra})
            kind = "application/x-amz-json-1.0"
        status = refusal.status
        body = b"" if self.command == "HEAD" or status == 304 else body.encode()
        crc = {"x-amz-crc32": str(zlib.crc32(body))} if self.service == "dynamodb" else {}
        self.respond(status, body, {"Content-Type": kind, **crc, **refusal.headers}, fault)

    def fault(self, fault):
        """Executes a fault that precedes every response; True if that was all."""
        kind, _, rest = fault.partition(":")
        if kind in ("reset", "close"):
            self.drop(reset=kind == "reset")
        elif kind == "hang":
            self.connection.settimeout(30)
            try:
                self.connection.recv(1)
            except OSError:
                pass
            self.drop()
        elif kind == "garbage":
            self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")
            self.drop()
        elif kind == "status":  # status:503:SlowDown:120 with x-amz-retry-after 120
            status, code, after = (rest.split(":") + ["", ""])[:3]
            headers = {"x-amz-retry-after": after} if after else {}
            self.refuse(Refusal(int(status), code, "as requested, " + SECRET, headers))
        elif kind == "error200":
            self.respond(200, b"<Error><Code>%s</Code><Message>late</Message></Error>"
                        % rest.encode(), {"Content-Type": "application/xml"})
        elif kind == "redirect":
            self.respond(307, b"", {"Location": rest})
        elif kind == "echo":  # repeats the request headers, as services do for a wrong signature
            sent = "; ".join("%s:%s" % pair for pair in self.headers.items())
            self.refuse(Refusal(int(rest or 403), "OddException", sent))
        elif kind == "big":  # big:1000 is a JSON object of that many bytes
            self.respond(200, b"{\"x\":\"" + b"a" * (int(rest) - 8) + b"\"}")
        elif kind == "crc32":  # crc32:correct, with the CRC of its body
            self.respond(200, b"{\"x\":1}", {"x-amz-crc32": str(
                zlib.crc32(b"{\"x\":1}")) if rest == "correct" else rest})
        elif kind == "badjson":
            self.respond(200, b"{\"MessageId\":", {"Content-Type": "application/json"})
        elif kind == "nojson":
            self.respond(200, b"[]", {"Content-Type": "application/json"})
        elif kind == "continue":  # an interim response, and then the correct one
            self.wfile.write(b"HTTP/1.1 100 Continue\r\nx-early: 1\r\n\r\n")
            return False
        else:
            return False
        return True

    # ---------------------------------------------------------------- checking

    def check_signature(self, body):
        header = self.headers.get("Authorization", "")
        if not header.startswith("AWS4-HMAC-SHA256 "):
            raise Refusal(403, "MissingAuthenticationToken")
        parts = dict(p.strip().split("=", 1) for p in header.split(" ", 1)[1].split(","))
        identity, day, region, service, _ = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        if identity != KEY or region != REGION or service != self.service:
            raise Refusal(403, "InvalidAccessKeyId")
        if self.headers.get("X-Amz-Security-Token", "") != world["token"]:
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        headers = {n: self.headers[n] for n in names}
        for must in ("host", "x-amz-date"):
            if must not in headers:
                raise Refusal(403, "SignatureDoesNotMatch", must + " is not signed")
        when = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        when = when.replace(tzinfo=datetime.timezone.utc).timestamp()
        if abs(when - time.time() - world["skew"]) > 900:
            raise Refusal(403, "RequestTimeTooSkewed")
        request = AWSRequest(self.command, "http://%s%s" % (self.headers["Host"], self.path),
                             headers, body)
        request.context["timestamp"] = headers["x-amz-date"]
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
            Credentials(KEY, SECRET, world["token"] or None), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if signer.signature(text, request) != parts["Signature"]:
            raise Refusal(403, "SignatureDoesNotMatch", text)
        if service == "s3":
            declared = headers.get("x-amz-content-sha256", "")
            if declared != "UNSIGNED-PAYLOAD" and declared != hashlib.sha256(body).hexdigest():
                raise Refusal(400, "XAmzContentSHA256Mismatch")
            declared = self.headers.get("x-amz-checksum-crc32")
            if declared is not None and declared != crc32(body):
                raise Refusal(400, "BadDigest")

    # ---------------------------------------------------------------- the JSON services

    def json_service(self, body):
        target = self.headers.get("X-Amz-Target", "")
        params = json.loads(body)
        if self.service == "secretsmanager":
            check_model("secretsmanager", "GetSecretValue", params)
            stage = params.get("VersionStage", "AWSCURRENT")
            name = params["SecretId"]
            password = world["secrets"].get(name + "/" + stage)
            if name == "db" and stage == "AWSCURRENT":
                password = world["secret"]
            if password is None:
                raise Refusal(400, "ResourceNotFoundException", "Secrets Manager can't find it.")
            result = {"Name": name, "SecretString": json.dumps({"password": password})}
            return 200, json.dumps(result).encode(), {}
        if self.service == "ses":
            return self.send_email(params)
        if self.service == "dynamodb":
            return self.dynamodb(target, params)
        operation = target.split(".")[1]
        check_model("sqs", operation, params)
        if not params["QueueUrl"].endswith("/queue"):
            raise Refusal(400, "QueueDoesNotExist", "The specified queue does not exist.")
        return 200, json.dumps(getattr(self, "sqs_" + operation)(params)).encode(), {}

    def dynamodb(self, target, params):
        prefix, _, operation = target.partition(".")
        if prefix != "DynamoDB_20120810" or self.command != "POST" or self.path != "/":
            raise Refusal(400, "UnknownOperationException")
        if self.headers["Content-Type"] != "application/x-amz-json-1.0":
            raise Refusal(400, "SerializationException")
        known, newer = dict(params), "ReturnValuesOnConditionCheckFailure"
        members = models.get_service_model("dynamodb").operation_model(operation).input_shape.members
        if newer not in members and operation != "GetItem":  # as in Debian's botocore
            if known.pop(newer, "NONE") not in ("ALL_OLD", "NONE"):
                raise Refusal(400, "ValidationException")
        check_model("dynamodb", operation, known)
        try:
            result = aws_dynamodb.run(world["tables"], operation, params)
        except aws_dynamodb.Invalid as invalid:
            raise Refusal(400, "ValidationException", str(invalid))
        except aws_dynamodb.ConditionFailed as failed:
            raise Refusal(400, "ConditionalCheckFailedException", "The conditional request failed",
                          extra={"Item": failed.item} if failed.item else {})
        if result is None:
            raise Refusal(400, "ResourceNotFoundException", "Requested resource not found")
        body = json.dumps(result).encode()
        return 200, body, {"x-amz-crc32": str(zlib.crc32(body))}

    def send_email(self, params):
        if self.path != "/v2/email/outbound-emails" or self.command != "POST":
            raise Refusal(404, "NotFoundException")
        world["mails"].append(json.loads(json.dumps(params)))
        params["Content"]["Simple"].pop("Headers", None)  # newer than Debian's model
        check_model("sesv2", "SendEmail", params)
        if "refused@example.com" in params["Destination"].get("ToAddresses", []):
            world["mails"].pop()
            status, code, message = world["ses_refusal"] or (
                400, "MessageRejected", "Email address is not verified: refused@example.com")
            raise Refusal(status, code, message)
        return 200, json.dumps({"MessageId": "mail-%d" % len(world["mails"])}).encode(), {}

    # ---------------------------------------------------------------- one request

    def credentials(self):
        """The container agent's endpoint."""
        if self.headers.get("Authorization") != "canary-agent-token":
            return 401, b"{}", {}
        expires = time.time() + world.get("lifetime", 3600)
        stamp = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc)
        return 200, json.dumps({
            "AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": world["token"],
            "Expiration": stamp.strftime("%Y-%m-%dT%H:%M:%SZ"), **world.get("agent", {})}).encode(), {}

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            is_agent = self.path == "/credentials"
            scope = self.headers.get("Authorization", "").split("/")
            self.service = scope[3] if len(scope) > 4 else "s3"
            fault = "" if is_agent or not world["faults"] else world["faults"].pop(0)
            world["requests"].append({
                "method": self.command, "path": self.path, "fault": fault,
                "attempt": self.headers.get("amz-sdk-request", ""),
                "invocation": self.headers.get("amz-sdk-invocation-id", ""),
                "trace": self.headers.get("X-Amzn-Trace-Id", ""),
                "port": self.client_address[1], "headers": sorted(n.lower() for n in self.headers)})
        if self.fault(fault):
            return
        try:
            with lock:
                if is_agent:
                    status, body, headers = self.credentials()
                else:
                    self.check_signature(body)
                    run = {"s3": self.s3, "lambda": self.lambda_invoke,
                           "codedeploy": self.codedeploy}.get(self.service, self.json_service)
                    status, body, headers = run(body)
        except Refusal as refusal:
            self.refuse(refusal, fault)
            return
        if fault == "lost":  # done, but the response is lost
            self.drop(reset=True)
            return
        self.respond(status, body, headers, fault)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_request


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if not issubclass(kind, OSError):
            super().handle_error(request, client_address)


def report():
    objects = {name: {**o, "body": hashlib.sha256(o["body"]).hexdigest(), "size": len(o["body"])}
               for name, o in world["objects"].items()}
    state = {"requests": world["requests"], "objects": objects, "mails": world["mails"],
              "tables": world["tables"], "invoked": world["invoked"], "hooks": world["hooks"],
              "uploads": len(world["uploads"]),
              "queue": [{**m, "text": len(m["text"])} for m in world["queue"]], "faults": len(world["faults"])}
    world["requests"] = []
    return json.dumps(state)


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[1:3])
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("PORT %d" % server.server_address[1], flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "idle" in command:
            end_idle(command.pop("idle"))
        with lock:
            for name, there in command.pop("object", {}).items():
                world["serial"] += 1
                body = bytes(there.pop("byte", 120) for _ in range(1)) * there.pop("size", 0)
                if "crc64nvme" in there:
                    of = body if there.pop("crc64nvme") == "correct" else body + b"x"
                    there["checksum"] = {"x-amz-checksum-crc64nvme": crc64nvme(of)}
                world["objects"][name] = {
                    "body": body, "etag": "\"%s\"" % hashlib.md5(body).hexdigest(), "meta": {},
                    "type": "", "cache": "", "tags": [], "checksum": {
                        "x-amz-checksum-crc32": crc32(body)},
                    "version": "v%d" % world["serial"], **there}
            world.update(command)
            print(report(), flush=True)


main()
