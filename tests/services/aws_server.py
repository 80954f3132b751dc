"""S3, SQS, SES v2, Secrets Manager and DynamoDB on loopback, for the tests of the client layer.

Small, but strict: every request's signature is computed again by botocore's signer and refused if it
differs, bodies are compared with their hashes and checksums, parameters with botocore's models. And
it fails on demand. Prints "PORT number"; then each line of standard input is a JSON object with
 faults    what to do to the next requests, one entry each (see Handler.fault)
 skew      seconds that its clock is ahead
 token     the session token that is valid from now on ("": none)
 denied    actions that no policy allows ("s3:GetObject", "s3:ListBucket"); with "named" messages say so
 object    {bucket/key: {...}}: puts an object there as it stands
 idle      "close" or "reset": ends the kept connections before the reply
and the answer is a JSON object {requests: [...], objects: {...}, uploads: n, mails: [...]}; requests
are those since the last line.
"""

import base64
import datetime
import email.utils
import hashlib
import http.server
import json
import os
import re
import select
import socket
import struct
import sys
import threading
import time
import urllib.parse
import zlib
from xml.sax.saxutils import escape

import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
import aws_dynamodb

KEY, SECRET, REGION = "AKIDEXAMPLE", "canary-secret/key+with=signs", "ap-northeast-2"
lock = threading.Lock()
world = {"objects": {}, "uploads": {}, "mails": [], "queue": [], "requests": [], "faults": [],
         "skew": 0, "token": "", "secret": "canary-password", "secrets": {}, "ses_refusal": None,
         "tables": {}, "serial": 0, "denied": []}
models = botocore.session.get_session()


def crc32(body):
    return base64.b64encode(struct.pack(">I", zlib.crc32(body))).decode()


def crc64nvme(body):
    """Bit by bit, as the specification has it."""
    crc = 0xffffffffffffffff
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x9a6c9329ac4bc9b5 if crc & 1 else 0)
    return base64.b64encode(struct.pack(">Q", crc ^ 0xffffffffffffffff)).decode()


def attributes_md5(attributes):
    """As the SQS developer guide describes it."""
    def counted(value):
        return struct.pack(">I", len(value)) + value

    md5 = hashlib.md5()
    for name in sorted(attributes):
        kind = attributes[name]["DataType"]
        md5.update(counted(name.encode()) + counted(kind.encode()))
        if kind.startswith("Binary"):
            md5.update(b"\2" + counted(base64.b64decode(attributes[name]["BinaryValue"])))
        else:
            md5.update(b"\1" + counted(attributes[name]["StringValue"].encode()))
    return md5.hexdigest()


def local(tag):
    return tag.split("}")[-1]


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


class Refusal(Exception):
    def __init__(self, status, code, message="", headers=(), extra=()):
        super().__init__(code)
        self.extra = dict(extra)  # further members of a JSON body
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers)


class Handler(http.server.BaseHTTPRequestHandler):
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

    # ---------------------------------------------------------------- answering

    def answer(self, status, body=b"", headers=(), fault=""):
        """Head and body, spoilt by what `fault` says."""
        headers = dict(headers)
        if fault == "flip" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if fault == "flip-truncate":
            body, fault = bytes([body[0] ^ 1]) + body[1:], "truncate"
        if fault == "checksum":
            headers["x-amz-checksum-crc32"] = crc32(body + b"x")
        if fault.startswith("resume-") and status == 206:
            status, body = self.wrong_range(fault, body, headers)
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
        checksum, and each has the size that was asked for, but for resume-entire."""
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

    def drop(self, reset=False):
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, refusal):
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
        self.answer(status, body, {"Content-Type": kind, **refusal.headers})

    def fault(self, fault):
        """Carries out a fault that comes before any answer; True if that was all."""
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
            self.refuse(Refusal(int(status), code, "told to, " + SECRET, headers))
        elif kind == "error200":
            self.answer(200, b"<Error><Code>%s</Code><Message>late</Message></Error>"
                        % rest.encode(), {"Content-Type": "application/xml"})
        elif kind == "redirect":
            self.answer(307, b"", {"Location": rest})
        elif kind == "echo":  # repeats what it was sent, as services do for a wrong signature
            sent = "; ".join("%s:%s" % pair for pair in self.headers.items())
            self.refuse(Refusal(int(rest or 403), "OddException", sent))
        elif kind == "big":  # big:1000 is a JSON object of that many bytes
            self.answer(200, b"{\"x\":\"" + b"a" * (int(rest) - 8) + b"\"}")
        elif kind == "crc32":  # crc32:right, with the CRC of its body
            self.answer(200, b"{\"x\":1}", {"x-amz-crc32": str(
                zlib.crc32(b"{\"x\":1}")) if rest == "right" else rest})
        elif kind == "badjson":
            self.answer(200, b"{\"MessageId\":", {"Content-Type": "application/json"})
        elif kind == "nojson":
            self.answer(200, b"[]", {"Content-Type": "application/json"})
        elif kind == "continue":  # an answer before the answer, and then the right one
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
            told = headers.get("x-amz-content-sha256", "")
            if told != "UNSIGNED-PAYLOAD" and told != hashlib.sha256(body).hexdigest():
                raise Refusal(400, "XAmzContentSHA256Mismatch")
            told = self.headers.get("x-amz-checksum-crc32")
            if told is not None and told != crc32(body):
                raise Refusal(400, "BadDigest")

    # ---------------------------------------------------------------- S3

    def s3(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        name = urllib.parse.unquote(url.path[1:], errors="strict")
        objects = world["objects"]
        self.check_policy(query)
        self.check_owner()
        if query.get("list-type") == "2":
            return self.list_keys(name.rstrip("/"), query)
        if "uploads" in query or "uploadId" in query:
            return self.multipart(name, query, body)
        if self.command == "PUT" and "tagging" not in query:
            etag = "\"%s\"" % hashlib.md5(body).hexdigest()
            there = objects.get(name)
            if self.headers.get("If-None-Match") == "*" and there:
                raise Refusal(412, "PreconditionFailed")
            if self.headers.get("If-Match") and not there:
                raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
            if self.headers.get("If-Match") not in (None, there and there["etag"]):
                raise Refusal(412, "PreconditionFailed")
            self.put(name, body, etag, self.headers)
            return 200, b"", {"ETag": etag, "x-amz-version-id": objects[name]["version"]}
        there = objects.get(name)
        if self.command == "DELETE" and "tagging" not in query:
            return self.delete(name, there, query)
        if there is None or query.get("versionId", there["version"]) != there["version"]:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        if "tagging" in query:
            return self.tagging(there, body)
        if self.headers.get("If-Match", there["etag"]) != there["etag"]:
            raise Refusal(412, "PreconditionFailed")
        if self.headers.get("If-None-Match") == there["etag"]:
            raise Refusal(304, "NotModified")
        return self.get(there)

    def check_policy(self, query):
        """Refuses what world["denied"] lists, as IAM does; "named": S3's message says what."""
        denied = world["denied"]
        bucket = urllib.parse.urlsplit(self.path).path.split("/")[1]
        name = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path[1:])
        if bucket == "missing":
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist")
        action = "s3:ListBucket" if "list-type" in query else "s3:GetObject"
        if action == "s3:GetObject" and action not in denied and name not in world["objects"]:
            action = "s3:ListBucket"  # a missing key is a 404 only to those who may list
        if self.command in ("GET", "HEAD") and action in denied:
            raise Refusal(403, "AccessDenied", (
                "User: arn:aws:sts::123456789012:assumed-role/role/function is not authorized to "
                "perform: %s on resource: \"arn:aws:s3:::bucket\" because no identity-based policy "
                "allows the %s action" % (action, action)) if "named" in denied else "Access Denied")

    def check_owner(self):
        owner = self.headers.get("x-amz-expected-bucket-owner")
        if owner is None and world.get("owner_is_needed"):
            raise Refusal(400, "InvalidRequest", "no expected owner in " + self.path)
        if owner not in (None, "123456789012"):
            raise Refusal(403, "AccessDenied")

    def delete(self, name, there, query):
        wanted = self.headers.get("If-Match")
        if wanted and not there:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        if wanted and wanted != there["etag"]:
            raise Refusal(412, "PreconditionFailed")
        if "versionId" in query:
            if there and there["version"] == query["versionId"]:
                del world["objects"][name]
            return 204, b"", {"x-amz-version-id": query["versionId"]}
        world["objects"].pop(name, None)
        world["serial"] += 1
        return 204, b"", {"x-amz-version-id": "v%d" % world["serial"],
                          "x-amz-delete-marker": "true"}

    def list_keys(self, bucket, query):
        """ListObjectsV2. The continuation is the last key or prefix of the page before."""
        self.check_model("s3", "ListObjectsV2", {
            "Bucket": bucket, "Prefix": query.get("prefix", ""), "MaxKeys": int(query.get("max-keys", "1000"))})
        most, delimiter = int(query.get("max-keys", "1000")), query.get("delimiter", "")
        after = query.get("start-after", "")
        if "continuation-token" in query:
            after = base64.b64decode(query["continuation-token"], validate=True).decode()
        prefix, entries, groups = query.get("prefix", ""), [], []
        is_truncated = False
        for name in sorted(world["objects"], key=str.encode):
            key = name[len(bucket) + 1:]
            if not name.startswith(bucket + "/") or not key.startswith(prefix):
                continue
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            group = key[:end + len(delimiter)] if end >= 0 else None
            if (group or key).encode() <= after.encode() or group in groups:
                continue
            if len(entries) + len(groups) == most:
                is_truncated = True
                break
            last = group or key
            (groups if group else entries).append(last)
        is_encoded = query.get("encoding-type") == "url"

        def encode(text):
            return escape(urllib.parse.quote_plus(text, safe="/") if is_encoded else text)

        there = world["objects"]
        contents = "".join(
            "<Contents><Key>%s</Key><LastModified>2026-03-04T05:06:07.000Z</LastModified><ETag>%s"
            "</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>"
            % (encode(key), escape(there[bucket + "/" + key]["etag"], {"\"": "&quot;"}),
               len(there[bucket + "/" + key]["body"])) for key in entries)
        prefixes = "".join("<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % encode(group)
                           for group in groups)
        token = base64.b64encode(last.encode()).decode() if is_truncated else ""
        body = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3."
                "amazonaws.com/doc/2006-03-01/\"><Name>%s</Name><Prefix>%s</Prefix><KeyCount>%d"
                "</KeyCount><MaxKeys>%d</MaxKeys>%s<IsTruncated>%s"
                "</IsTruncated>%s%s%s</ListBucketResult>"
                % (bucket, encode(prefix), len(entries) + len(groups), most,
                   "<EncodingType>url</EncodingType>" if is_encoded else "",
                   "true" if is_truncated else "false",
                   "<NextContinuationToken>%s</NextContinuationToken>" % token if token else "",
                   contents, prefixes))
        for old, new in world.get("list_edits", []):
            assert old in body, (old, body)
            body = body.replace(old, new)
        return 200, body.encode(), {"Content-Type": "application/xml"}

    def put(self, name, body, etag, headers, checksum_type=None):
        world["serial"] += 1
        meta = {k.lower(): v for k, v in headers.items() if k.lower().startswith("x-amz-meta-")}
        world["objects"][name] = {
            "body": body, "etag": etag, "meta": meta, "type": headers.get("Content-Type", ""),
            "cache": headers.get("Cache-Control", ""),
            "disposition": headers.get("Content-Disposition", ""),
            "encryption": headers.get("x-amz-server-side-encryption", ""),
            "kms": headers.get("x-amz-server-side-encryption-aws-kms-key-id", ""), "tags": [], "checksum": {
                "x-amz-checksum-crc32": crc32(body)}, "version": "v%d" % world["serial"]}
        if checksum_type:
            world["objects"][name]["checksum"] = {"x-amz-checksum-crc32": "AAAAAA==-2",
                                                  "x-amz-checksum-type": checksum_type}

    def get(self, there):
        headers = {"ETag": there["etag"], "Content-Type": there["type"],
                   "x-amz-version-id": there["version"], **there["meta"]}
        body, status = there["body"], 200
        span = self.headers.get("Range")
        if span:
            start, _, last = span[len("bytes="):].partition("-")
            start, last = int(start), int(last or len(body) - 1)
            if start >= len(body):
                raise Refusal(416, "InvalidRange", "The requested range is not satisfiable")
            headers["Content-Range"] = "bytes %d-%d/%d" % (start, last, len(body))
            body, status = body[start:last + 1], 206
        elif self.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers.update(there["checksum"])
        if self.command == "HEAD":
            headers["Content-Length"] = str(len(body))
        return status, body, headers

    def tagging(self, there, body):
        if self.command == "GET":
            tags = "".join("<Tag><Key>%s</Key><Value>%s</Value></Tag>" % (escape(k), escape(v))
                           for k, v in there["tags"])
            return 200, ("<?xml version=\"1.0\"?><Tagging xmlns=\"http://s3.amazonaws.com/doc/"
                         "2006-03-01/\"><TagSet>%s</TagSet></Tagging>" % tags).encode(), {}
        if not self.headers.get("x-amz-checksum-crc32"):
            raise Refusal(400, "InvalidRequest", "Content-MD5 or a checksum is missing")
        root = ElementTree.fromstring(body)
        tags = [{local(e.tag): e.text or "" for e in tag} for tag in root.iter()
                if local(tag.tag) == "Tag"]
        if len(tags) > 10 or len({t["Key"] for t in tags}) != len(tags):
            raise Refusal(400, "BadRequest", "Object tags cannot be greater than 10")
        there["tags"] = [(t["Key"], t["Value"]) for t in tags]
        return 200, b"", {}

    def multipart(self, name, query, body):
        uploads = world["uploads"]
        if "uploads" in query:
            world["serial"] += 1
            upload = "up<&%d" % world["serial"]
            uploads[upload] = {"headers": dict(self.headers.items()), "parts": {}}
            return 200, ("<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
                         "</InitiateMultipartUploadResult>" % escape(upload)).encode(), {}
        upload = query["uploadId"]
        if upload not in uploads:
            raise Refusal(404, "NoSuchUpload")
        if self.command == "DELETE":
            del uploads[upload]
            return 204, b"", {}
        parts = uploads[upload]["parts"]
        if self.command == "PUT":
            etag = "\"%s\"" % hashlib.md5(body).hexdigest()
            parts[int(query["partNumber"])] = (body, etag, crc32(body))
            return 200, b"", {"ETag": etag}
        listed = [{local(e.tag): e.text for e in part} for part in ElementTree.fromstring(body)]
        whole = b""
        for i, part in enumerate(listed):
            number = int(part["PartNumber"])
            stored = parts.get(number)
            if number != i + 1 or stored is None or (part["ETag"], part["ChecksumCRC32"]) != stored[1:]:
                raise Refusal(400, "InvalidPart")
            if i + 1 < len(listed) and len(stored[0]) < 5 * 1024 * 1024:
                raise Refusal(400, "EntityTooSmall")
            whole += stored[0]
        etag = "\"%s-%d\"" % (hashlib.md5(whole).hexdigest(), len(listed))
        self.put(name, whole, etag, uploads.pop(upload)["headers"], "COMPOSITE")
        return 200, ("<CompleteMultipartUploadResult><ETag>%s</ETag>"
                     "</CompleteMultipartUploadResult>" % escape(etag)).encode(), {}

    # ---------------------------------------------------------------- the JSON services

    def check_model(self, service, operation, params):
        model = models.get_service_model(service).operation_model(operation)
        report = ParamValidator().validate(params, model.input_shape)
        if report.has_errors():
            raise Refusal(400, "ValidationException", report.generate_report())

    def json_service(self, body):
        target = self.headers.get("X-Amz-Target", "")
        params = json.loads(body)
        if self.service == "secretsmanager":
            self.check_model("secretsmanager", "GetSecretValue", params)
            stage = params.get("VersionStage", "AWSCURRENT")
            name = params["SecretId"]
            password = world["secrets"].get(name + "/" + stage)
            if name == "db" and stage == "AWSCURRENT":
                password = world["secret"]
            if password is None:
                raise Refusal(400, "ResourceNotFoundException", "Secrets Manager can't find it.")
            answer = {"Name": name, "SecretString": json.dumps({"password": password})}
            return 200, json.dumps(answer).encode(), {}
        if self.service == "ses":
            return self.send_email(params)
        if self.service == "dynamodb":
            return self.dynamodb(target, params)
        operation = target.split(".")[1]
        self.check_model("sqs", operation, params)
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
        self.check_model("dynamodb", operation, known)
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
        self.check_model("sesv2", "SendEmail", params)
        if "refused@example.com" in params["Destination"].get("ToAddresses", []):
            world["mails"].pop()
            status, code, message = world["ses_refusal"] or (
                400, "MessageRejected", "Email address is not verified: refused@example.com")
            raise Refusal(status, code, message)
        return 200, json.dumps({"MessageId": "mail-%d" % len(world["mails"])}).encode(), {}

    def queue_one(self, entry):
        """A message of SendMessage, or an entry of a batch."""
        text = entry["MessageBody"]
        if re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text):
            raise Refusal(400, "InvalidMessageContents")
        world["serial"] += 1
        attributes = entry.get("MessageAttributes", {})
        world["queue"].append({
            "id": str(world["serial"]), "text": text, "received": 0, "visibility": 0,
            "attributes": attributes, "group": entry.get("MessageGroupId"),
            "deduplication": entry.get("MessageDeduplicationId")})
        result = {"MessageId": "m-%d" % world["serial"],
                  "MD5OfMessageBody": hashlib.md5(text.encode()).hexdigest()}
        if attributes:
            result["MD5OfMessageAttributes"] = attributes_md5(attributes)
        if world.get("wrong_md5") in result:
            result[world["wrong_md5"]] = "0" * 32
        return result

    def sqs_SendMessage(self, params):
        return self.queue_one(params)

    def sqs_SendMessageBatch(self, params):
        good, bad = [], []
        if sum(len(e["MessageBody"].encode()) for e in params["Entries"]) > 1024 * 1024:
            raise Refusal(400, "BatchRequestTooLong")
        for entry in params["Entries"]:
            text = entry["MessageBody"]
            if text.startswith("bad"):
                bad.append({"Id": entry["Id"], "Code": "InvalidMessageContents",
                            "SenderFault": True, "Message": "x"})
            elif text.startswith("later"):
                world["later"] = world.get("later", 0) + 1
                if world["later"] % 2 == 1:
                    bad.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
                else:
                    good.append({"Id": entry["Id"], **self.queue_one(entry)})
            elif text.startswith("never"):
                bad.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            elif text.startswith("forgotten"):  # queued, and not mentioned
                self.queue_one(entry)
            else:
                good.append({"Id": entry["Id"], **self.queue_one(entry)})
        return {"Successful": good, "Failed": bad}

    def sqs_ReceiveMessage(self, params):
        visible = [m for m in world["queue"] if m["visibility"] == 0]
        taken = visible[: params["MaxNumberOfMessages"]]
        messages = []
        for m in taken:
            m["received"] += 1
            told = {"ApproximateReceiveCount": str(m["received"]), "SentTimestamp": "1790000000123"}
            if m["group"]:
                told["MessageGroupId"] = m["group"]
            message = {"MessageId": "m-" + m["id"], "ReceiptHandle": "handle-" + m["id"],
                       "Body": m["text"], "MD5OfBody": hashlib.md5(m["text"].encode()).hexdigest(),
                       "Attributes": {k: v for k, v in told.items() if k in params["AttributeNames"]}}
            if m["attributes"] and "All" in params.get("MessageAttributeNames", []):
                message["MessageAttributes"] = m["attributes"]
            messages.append(message)
        return {"Messages": messages} if messages else {}

    def with_handle(self, handle):
        found = [m for m in world["queue"] if "handle-" + m["id"] == handle]
        if not found:
            raise Refusal(400, "ReceiptHandleIsInvalid")
        return found[0]

    def sqs_DeleteMessage(self, params):
        world["queue"].remove(self.with_handle(params["ReceiptHandle"]))
        return {}

    def sqs_ChangeMessageVisibility(self, params):
        self.with_handle(params["ReceiptHandle"])["visibility"] = params["VisibilityTimeout"]
        return {}

    def entry_by_entry(self, params, run):
        good, bad = [], []
        for entry in params["Entries"]:
            try:
                run(entry)
                good.append({"Id": entry["Id"]})
            except Refusal as refusal:
                bad.append({"Id": entry["Id"], "Code": refusal.code, "SenderFault": True})
        return {"Successful": good, "Failed": bad}

    def sqs_DeleteMessageBatch(self, params):
        return self.entry_by_entry(params, self.sqs_DeleteMessage)

    def sqs_ChangeMessageVisibilityBatch(self, params):
        return self.entry_by_entry(params, self.sqs_ChangeMessageVisibility)

    # ---------------------------------------------------------------- one request

    def credentials(self):
        """The container agent's endpoint."""
        if self.headers.get("Authorization") != "canary-agent-token":
            return 401, b"{}", {}
        expires = time.time() + world.get("lifetime", 3600)
        stamp = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc)
        return 200, json.dumps({
            "AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": world["token"],
            "Expiration": stamp.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode(), {}

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
                    status, answer, headers = self.credentials()
                else:
                    self.check_signature(body)
                    run = self.s3 if self.service == "s3" else self.json_service
                    status, answer, headers = run(body)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if fault == "lost":  # done, and nobody hears of it
            self.drop(reset=True)
            return
        self.answer(status, answer, headers, fault)

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
    answer = {"requests": world["requests"], "objects": objects, "mails": world["mails"],
              "tables": world["tables"],
              "uploads": len(world["uploads"]),
              "queue": [{**m, "text": len(m["text"])} for m in world["queue"]], "faults": len(world["faults"])}
    world["requests"] = []
    return json.dumps(answer)


def main():
    server = Server(("127.0.0.1", 0), Handler)
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
                    of = body if there.pop("crc64nvme") == "right" else body + b"x"
                    there["checksum"] = {"x-amz-checksum-crc64nvme": crc64nvme(of)}
                world["objects"][name] = {
                    "body": body, "etag": "\"%s\"" % hashlib.md5(body).hexdigest(), "meta": {},
                    "type": "", "cache": "", "tags": [], "checksum": {
                        "x-amz-checksum-crc32": crc32(body)},
                    "version": "v%d" % world["serial"], **there}
            world.update(command)
            print(report(), flush=True)


main()
