"""S3 of aws_server.py: objects with versions, tags, uploads in parts, lists."""

import base64
import hashlib
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from aws_world import Refusal, check_model, crc32, world


def local(tag):
    return tag.split("}")[-1]


class S3:
    """Methods of the server's handler."""

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
            self.check_write_condition(name)
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

    def check_write_condition(self, name):
        there = world["objects"].get(name)
        if self.headers.get("If-None-Match") == "*" and there:
            raise Refusal(412, "PreconditionFailed")
        if self.headers.get("If-Match") and not there:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        if self.headers.get("If-Match") not in (None, there and there["etag"]):
            raise Refusal(412, "PreconditionFailed")

    def check_policy(self, query):
        """Refuses what world["denied"] lists, as IAM does; "named": with the action in the message."""
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
        check_model("s3", "ListObjectsV2", {
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
        content = b""
        for i, part in enumerate(listed):
            number = int(part["PartNumber"])
            stored = parts.get(number)
            if number != i + 1 or stored is None or (part["ETag"], part["ChecksumCRC32"]) != stored[1:]:
                raise Refusal(400, "InvalidPart")
            if i + 1 < len(listed) and len(stored[0]) < 5 * 1024 * 1024:
                raise Refusal(400, "EntityTooSmall")
            content += stored[0]
        self.check_write_condition(name)
        etag = "\"%s-%d\"" % (hashlib.md5(content).hexdigest(), len(listed))
        self.put(name, content, etag, uploads.pop(upload)["headers"], "COMPOSITE")
        return 200, ("<CompleteMultipartUploadResult><ETag>%s</ETag>"
                     "</CompleteMultipartUploadResult>" % escape(etag)).encode(), {}
