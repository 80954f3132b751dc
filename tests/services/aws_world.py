"""What the modules of aws_server.py share: the state of its services, checksums, refusals."""

import base64
import struct
import threading
import zlib

import botocore.session
from botocore.validate import ParamValidator

KEY, SECRET, REGION = "AKIDEXAMPLE", "canary-secret/key+with=signs", "ap-northeast-2"
lock = threading.Lock()
world = {"objects": {}, "uploads": {}, "mails": [], "queue": [], "requests": [], "faults": [],
         "skew": 0, "token": "", "secret": "canary-password", "secrets": {}, "ses_refusal": None,
         "tables": {}, "serial": 0, "denied": [], "function": {}, "invoked": [], "revisions": {},
         "hooks": {}}
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


class Refusal(Exception):
    def __init__(self, status, code, message="", headers=(), extra=()):
        super().__init__(code)
        self.extra = dict(extra)  # further members of a JSON body
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers)


def check_model(service, operation, params):
    """Refuses what botocore's model of the service does not have."""
    model = models.get_service_model(service).operation_model(operation)
    report = ParamValidator().validate(params, model.input_shape)
    if report.has_errors():
        raise Refusal(400, "ValidationException", report.generate_report())
