// Events in the forms in which AWS delivers them to the functions.
import { randomBytes, randomUUID } from 'node:crypto';
import { ACCOUNT, DEFAULT_REGION } from './environment.mjs';
import { requestId } from './refusal.mjs';

// Form encoding, as S3 encodes keys in its notifications: a space is "+", "/" stays.
export const formEncode = (key) =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');

// created: what LocalS3 reports of a new object (bucket, key, size, etag; the rest may be missing).
export function s3Record(created, region = DEFAULT_REGION) {
  const object = { key: formEncode(created.key), size: created.size, eTag: created.etag };
  if (created.version_id) object.versionId = created.version_id;
  object.sequencer = created.sequencer ?? '0055AED6DCD90281E5';
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(created.time_ms ?? Date.now()).toISOString(),
    eventName: created.event_name ?? 'ObjectCreated:Put',
    userIdentity: { principalId: 'AWS:AIDALOCAL' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': requestId(), 'x-amz-id-2': 'local' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'uploads',
      bucket: {
        name: created.bucket,
        ownerIdentity: { principalId: 'ALOCAL' },
        arn: `arn:aws:s3:::${created.bucket}`,
      },
      object,
    },
  };
}

export const s3Event = (created, region) => ({ Records: [created].flat().map((one) => s3Record(one, region)) });

// EventBridge's names of the operations.
const REASONS = { Put: 'PutObject', Copy: 'CopyObject', CompleteMultipartUpload: 'CompleteMultipartUpload' };

// Through EventBridge: the key is not encoded.
export function eventBridgeEvent(created, region = DEFAULT_REGION) {
  const object = { key: created.key, size: created.size, etag: created.etag, sequencer: created.sequencer };
  if (created.version_id) object['version-id'] = created.version_id;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: ACCOUNT,
    time: new Date(created.time_ms ?? Date.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [`arn:aws:s3:::${created.bucket}`],
    detail: {
      version: '0',
      bucket: { name: created.bucket },
      object,
      'request-id': requestId(),
      requester: ACCOUNT,
      'source-ip-address': '127.0.0.1',
      reason: created.event_name?.startsWith('ObjectCreated:') ? REASONS[created.event_name.slice(14)] : 'PutObject',
    },
  };
}

// Of an EventBridge schedule rule; time: "2026-01-31T00:00:00Z".
export const scheduledEvent = (rule, time, region = DEFAULT_REGION) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: ACCOUNT,
  time,
  region,
  resources: [`arn:aws:events:${region}:${ACCOUNT}:rule/${rule}`],
  detail: {},
});

// messages: as ReceiveMessage returns them (MessageId, ReceiptHandle, Body, Attributes, MD5OfBody).
export const sqsEvent = (messages, queue_arn, region = DEFAULT_REGION) => ({
  Records: messages.map((message) => ({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
        name,
        { stringValue: value.StringValue, binaryValue: value.BinaryValue, dataType: value.DataType },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queue_arn,
    awsRegion: region,
  })),
});

// S3 Batch Operations: in 1.0 the bucket is an ARN, in 2.0 a name,
// with the job's arguments. Keys are encoded.
export function batchEvent(objects, schema = '1.0', user_arguments = {}) {
  const tasks = objects.map(({ bucket, key, version_id = null }) => ({
    taskId: randomBytes(16).toString('base64url'),
    s3Key: formEncode(key),
    s3VersionId: version_id,
    ...(schema === '1.0' ? { s3BucketArn: `arn:aws:s3:::${bucket}` } : { s3Bucket: bucket }),
  }));
  const job = { id: randomUUID(), ...(schema === '1.0' ? {} : { userArguments: user_arguments }) };
  return { invocationSchemaVersion: schema, invocationId: randomBytes(24).toString('base64'), job, tasks };
}
