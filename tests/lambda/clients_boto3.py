"""boto3 against the local cloud; called by test_clients.mjs. Each check is one line of JSON."""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
CONFIG = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})


def client(service, **more):
    return boto3.client(service, endpoint_url=ENDPOINT, config=CONFIG, verify=os.environ.get("CA") or True, **more)


def say(name, value):
    print(json.dumps({"check": name, "value": value}))


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def objects(s3):
    key = "uploads/한국 사진+1.jpg"
    s3.put_object(Bucket="photos", Key=key, Body=b"bytes", ContentType="image/jpeg",
                  CacheControl="public, max-age=31536000", Metadata={"a": "b"})
    head = s3.head_object(Bucket="photos", Key=key)
    say("head", [head["ContentLength"], head["ContentType"], head["CacheControl"], head["Metadata"]])
    say("get", s3.get_object(Bucket="photos", Key=key)["Body"].read().decode())
    listed = s3.list_objects_v2(Bucket="photos", Prefix="uploads/")["Contents"]
    say("list", key in [item["Key"] for item in listed])
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        put = s3.put_object(Bucket="photos", Key="sum", Body=b"123456789", ChecksumAlgorithm=algorithm)
        say(f"checksum {algorithm}", put[f"Checksum{algorithm}"])
    s3.put_object_tagging(Bucket="photos", Key=key, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    say("tags", s3.get_object_tagging(Bucket="photos", Key=key)["TagSet"])
    say("wrong etag", code_of(s3.get_object, Bucket="photos", Key=key, IfMatch='"0"'))
    say("absent", code_of(s3.get_object, Bucket="photos", Key="absent"))
    s3.delete_object(Bucket="photos", Key=key)
    say("deleted", code_of(s3.head_object, Bucket="photos", Key=key))


def queues(sqs):
    if "json" not in sqs.meta.service_model.metadata["protocol"]:
        say("sqs", "query protocol")
        return
    url = sqs.get_queue_url(QueueName="mails")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="한 통")
    say("sqs", sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])


def mails(ses):
    ses.send_email(FromEmailAddress="shop@example.com", Destination={"ToAddresses": ["customer@example.com"]},
                   Content={"Simple": {"Subject": {"Data": "주문"}, "Body": {"Text": {"Data": "text"}}}})
    say("ses", "sent")


def main():
    s3 = client("s3")
    objects(s3)
    if "--all" in sys.argv:
        queues(client("sqs"))
        mails(client("sesv2"))
    wrong = client("s3", aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
                   aws_session_token=os.environ["AWS_SESSION_TOKEN"])
    say("wrong secret", code_of(wrong.put_object, Bucket="photos", Key="wrong", Body=b"x"))
    ses = client("sesv2", aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
                 aws_session_token=os.environ["AWS_SESSION_TOKEN"])
    say("wrong secret, ses", code_of(ses.get_account))


main()
