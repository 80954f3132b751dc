"""boto3 against the local cloud; called by test_clients.mjs. Each check is one line of JSON."""

import json
import os
import socket
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
RETRIES = {"max_attempts": 1}
CONFIG = Config(s3={"addressing_style": "path"}, retries=RETRIES)


def client(service, endpoint=ENDPOINT, config=CONFIG, **more):
    return boto3.client(service, endpoint_url=endpoint, config=config, verify=os.environ.get("CA") or True, **more)


def with_wrong_secret(service, **more):
    return client(service, aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
                  aws_session_token=os.environ["AWS_SESSION_TOKEN"], **more)


def report(name, value):
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
    report("head", [head["ContentLength"], head["ContentType"], head["CacheControl"], head["Metadata"]])
    report("get", s3.get_object(Bucket="photos", Key=key)["Body"].read().decode())
    listed = s3.list_objects_v2(Bucket="photos", Prefix="uploads/")["Contents"]
    report("list", key in [item["Key"] for item in listed])
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        put = s3.put_object(Bucket="photos", Key="sum", Body=b"123456789", ChecksumAlgorithm=algorithm)
        report(f"checksum {algorithm}", put[f"Checksum{algorithm}"])
    s3.put_object_tagging(Bucket="photos", Key=key, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    report("tags", s3.get_object_tagging(Bucket="photos", Key=key)["TagSet"])
    report("wrong etag", code_of(s3.get_object, Bucket="photos", Key=key, IfMatch='"0"'))
    report("absent", code_of(s3.get_object, Bucket="photos", Key="absent"))
    s3.delete_object(Bucket="photos", Key=key)
    report("deleted", code_of(s3.head_object, Bucket="photos", Key=key))


def queues(sqs):
    if "json" not in sqs.meta.service_model.metadata["protocol"]:
        report("sqs", "query protocol")
        return
    url = sqs.get_queue_url(QueueName="mails")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="한 통")
    report("sqs", sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])


def mails(ses):
    ses.send_email(FromEmailAddress="shop@example.com", Destination={"ToAddresses": ["customer@example.com"]},
                   Content={"Simple": {"Subject": {"Data": "주문"}, "Body": {"Text": {"Data": "text"}}}})
    report("ses", "sent")


def tables(dynamodb):
    dynamodb.create_table(TableName="sent", BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    dynamodb.get_waiter("table_exists").wait(TableName="sent")
    item = {"id": {"S": "주문-1"}, "n": {"N": "1"}, "raw": {"B": b"\x00\xff"}}
    only_new = {"TableName": "sent", "Item": item, "ConditionExpression": "attribute_not_exists(id)"}
    dynamodb.put_item(**only_new)
    report("put twice", code_of(dynamodb.put_item, **only_new))
    updated = dynamodb.update_item(TableName="sent", Key={"id": item["id"]}, UpdateExpression="ADD n :one",
                                   ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="ALL_NEW")
    report("update", updated["Attributes"]["n"])
    got = dynamodb.get_item(TableName="sent", Key={"id": item["id"]}, ConsistentRead=True)["Item"]
    report("item", got == {**item, "n": {"N": "2"}})
    dynamodb.delete_item(TableName="sent", Key={"id": item["id"]})
    report("deleted item", "Item" in dynamodb.get_item(TableName="sent", Key={"id": item["id"]}))
    report("no table", code_of(dynamodb.get_item, TableName="nonesuch", Key={"id": item["id"]}))
    report("wrong secret, dynamodb", code_of(with_wrong_secret("dynamodb").get_item, TableName="sent", Key={"id": item["id"]}))


def secrets(manager):
    arn = manager.create_secret(Name="shop/db", SecretString="one")["ARN"]
    manager.put_secret_value(SecretId=arn, SecretString="two")
    manager.put_secret_value(SecretId="shop/db", SecretBinary=b"\x00three", VersionStages=["AWSPENDING"])
    read = manager.get_secret_value
    report("secret", [read(SecretId="shop/db")["SecretString"],
                      read(SecretId="shop/db", VersionStage="AWSPREVIOUS")["SecretString"],
                      read(SecretId="shop/db", VersionStage="AWSPENDING")["SecretBinary"].decode()])
    pending = read(SecretId=arn, VersionStage="AWSPENDING")["VersionId"]
    manager.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=pending,
                                        RemoveFromVersionId=read(SecretId=arn)["VersionId"])
    stages = manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    report("stages", sorted(sorted(one) for one in stages.values()))
    report("no secret", code_of(read, SecretId="nonesuch"))
    report("no value", code_of(manager.put_secret_value, SecretId=arn))
    report("wrong secret, secrets", code_of(with_wrong_secret("secretsmanager").get_secret_value, SecretId=arn))


def virtual_hosts():
    """Buckets in the host name: bucket.localhost:PORT, which not every resolver takes to loopback."""
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *more, **named: resolve(
        "127.0.0.1" if host.endswith("localhost") else host, *more, **named)
    port = ENDPOINT.rsplit(":", 1)[1]
    config = Config(s3={"addressing_style": "virtual"}, retries=RETRIES)
    hosts = []
    s3 = client("s3", f"http://localhost:{port}", config)
    s3.meta.events.register("before-send.s3.*", lambda request, **_: hosts.append(request.url.split("/")[2]))
    key = "uploads/한국 사진+1.jpg"
    s3.put_object(Bucket="photos", Key=key, Body=b"virtual")
    report("virtual", [s3.get_object(Bucket="photos", Key=key)["Body"].read().decode(),
                       key in [item["Key"] for item in s3.list_objects_v2(Bucket="photos")["Contents"]]])
    report("virtual hosts", sorted(set(hosts)) == [f"photos.localhost:{port}"])
    wrong = with_wrong_secret("s3", endpoint=f"http://localhost:{port}", config=config)
    report("virtual, wrong secret", code_of(wrong.put_object, Bucket="photos", Key="wrong", Body=b"x"))


def main():
    s3 = client("s3")
    objects(s3)
    if "--all" in sys.argv:
        queues(client("sqs"))
        mails(client("sesv2"))
        tables(client("dynamodb"))
        secrets(client("secretsmanager"))
        virtual_hosts()
    report("wrong secret", code_of(with_wrong_secret("s3").put_object, Bucket="photos", Key="wrong", Body=b"x"))
    report("wrong secret, ses", code_of(with_wrong_secret("sesv2").get_account))


main()
