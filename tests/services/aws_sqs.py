"""SQS of aws_server.py: one queue, whose messages stay visible until their visibility is changed."""

import base64
import hashlib
import re
import struct

from aws_world import Refusal, world


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


class Sqs:
    """Methods of the server's handler: sqs_ and an operation's name."""

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
            elif text.startswith("denied"):
                bad.append({"Id": entry["Id"], "Code": "KmsAccessDenied", "SenderFault": True})
            elif text.startswith("later"):
                world["later"] = world.get("later", 0) + 1
                if world["later"] % 2 == 1:
                    bad.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
                else:
                    good.append({"Id": entry["Id"], **self.queue_one(entry)})
            elif text.startswith("throttled"):
                world["throttled"] = world.get("throttled", 0) + 1
                if world["throttled"] % 2 == 1:
                    bad.append({"Id": entry["Id"], "Code": "RequestThrottled", "SenderFault": False})
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
            attributes = {"ApproximateReceiveCount": str(m["received"]), "SentTimestamp": "1790000000123"}
            if m["group"]:
                attributes["MessageGroupId"] = m["group"]
            message = {"MessageId": "m-" + m["id"], "ReceiptHandle": "handle-" + m["id"],
                       "Body": m["text"], "MD5OfBody": hashlib.md5(m["text"].encode()).hexdigest(),
                       "Attributes": {k: v for k, v in attributes.items() if k in params["AttributeNames"]}}
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
