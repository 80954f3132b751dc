// Which IAM actions a request needs, on which resources, and with which condition keys: AWS's Service
// Authorization Reference, its pages for Amazon S3 (list_amazons3), Amazon SQS (list_amazonsqs), Amazon Simple
// Email Service v2 (list_amazonsimpleemailservicev2), Amazon DynamoDB (list_amazondynamodb), AWS Secrets Manager
// (list_awssecretsmanager), AWS Lambda (list_awslambda) and AWS CodeDeploy (list_awscodedeploy), below
// https://docs.aws.amazon.com/service-authorization/latest/reference/. What else is stated has its source there.
import { ACCOUNT } from './environment.mjs';
import { s3Operation } from './s3.mjs';

const parse = (body) => {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
};

// ---------------------------------------------------------------------- S3

// Operations on an object: the action without a version, and with one. GetObject with a version needs
// GetObjectVersion alone ("The s3:GetObject permission is not required in this scenario": API reference of
// GetObject); tags of a version need both ("You also need permission for the s3:GetObjectVersionTagging action").
const S3_OBJECTS = {
  GetObject: { plain: ['GetObject'], version: ['GetObjectVersion'] },
  HeadObject: { plain: ['GetObject'], version: ['GetObjectVersion'] },
  PutObject: { plain: ['PutObject'] },
  CreateMultipartUpload: { plain: ['PutObject'] },
  UploadPart: { plain: ['PutObject'] },
  CompleteMultipartUpload: { plain: ['PutObject'] },
  AbortMultipartUpload: { plain: ['AbortMultipartUpload'] },
  DeleteObject: { plain: ['DeleteObject'], version: ['DeleteObjectVersion'] },
  GetObjectTagging: { plain: ['GetObjectTagging'], version: ['GetObjectTagging', 'GetObjectVersionTagging'] },
  PutObjectTagging: { plain: ['PutObjectTagging'], version: ['PutObjectTagging', 'PutObjectVersionTagging'] },
  DeleteObjectTagging: { plain: ['DeleteObjectTagging'], version: ['DeleteObjectTagging', 'DeleteObjectVersionTagging'] },
};
const S3_BUCKETS = {
  ListObjects: 'ListBucket', ListObjectsV2: 'ListBucket', HeadBucket: 'ListBucket', ListObjectVersions: 'ListBucketVersions',
  GetBucketLocation: 'GetBucketLocation', GetBucketVersioning: 'GetBucketVersioning', PutBucketVersioning: 'PutBucketVersioning',
  CreateBucket: 'CreateBucket', DeleteBucket: 'DeleteBucket', DeleteObjects: 'DeleteObject',
};

const objectArn = ({ bucket, key }) => `arn:aws:s3:::${bucket}/${key}`;
const bucketArn = ({ bucket }) => `arn:aws:s3:::${bucket}`;

function s3(request) {
  const { query, headers } = request;
  const operation = s3Operation(request);
  if (operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*', context: {} }];
  if (S3_BUCKETS[operation]) {
    const context = {};
    for (const name of ['prefix', 'delimiter', 'max-keys']) if (query[name] !== undefined) context[`s3:${name}`] = query[name];
    return [{ action: `s3:${S3_BUCKETS[operation]}`, resource: bucketArn(request), context }];
  }
  // CopyObject, and what the API does not have: nothing here makes it, and an empty list would allow it.
  const { plain, version } = S3_OBJECTS[operation] ?? { plain: [operation ?? 'Unknown'] };
  const names = query.versionId === undefined ? plain : (version ?? plain);
  const more = [];
  if (headers['x-amz-tagging'] && ['PutObject', 'CreateMultipartUpload'].includes(operation)) more.push('PutObjectTagging');
  // "conditional deletes with a specific ETag value require both s3:DeleteObject and s3:GetObject permissions"
  // (AmazonS3/latest/userguide/conditional-delete-enforce.html).
  if (operation === 'DeleteObject' && headers['if-match'] !== undefined && headers['if-match'] !== '*') more.push('GetObject');
  const context = query.versionId === undefined ? {} : { 's3:VersionId': query.versionId };
  return [...names, ...more].map((name) => ({ action: `s3:${name}`, resource: objectArn(request), context }));
}

// A GET or HEAD of an object that does not exist replies 404 only to those who may list the bucket, else 403 (API
// references of GetObject and HeadObject). The prefix here is the key; whether S3 has any then is not documented, so
// no role of the project relies on it.
export function missingObjectCall(request, response) {
  if (response.status !== 404 || !['GetObject', 'HeadObject'].includes(s3Operation(request))) return null;
  return { action: 's3:ListBucket', resource: bucketArn(request), context: { 's3:prefix': request.key } };
}

// ---------------------------------------------------------------------- the others

// The batch operations have no action of their own (AWSSimpleQueueService/latest/SQSDeveloperGuide/
// sqs-api-permissions-reference.html).
const SQS_ACTIONS = { SendMessageBatch: 'SendMessage', DeleteMessageBatch: 'DeleteMessage', ChangeMessageVisibilityBatch: 'ChangeMessageVisibility' };

function sqs({ headers, body }, region) {
  const operation = headers['x-amz-target']?.split('.').pop() ?? 'Unknown';
  const { QueueUrl: url = '', QueueName: name = url.split('/').pop() } = parse(body);
  return [{ action: `sqs:${SQS_ACTIONS[operation] ?? operation}`, resource: `arn:aws:sqs:${region}:${ACCOUNT}:${name}`, context: {} }];
}

function dynamodb({ headers, body }, region) {
  const operation = headers['x-amz-target']?.split('.').pop() ?? 'Unknown';
  const { TableName: table = '' } = parse(body);
  const resource = table.startsWith('arn:') ? table : `arn:aws:dynamodb:${region}:${ACCOUNT}:table/${table}`;
  return [{ action: `dynamodb:${operation}`, resource, context: {} }];
}

// arnOf(id): the secret's ARN; null if there is none: then that of a name without its random ending, with one
// that stands for it.
function secretsmanager({ headers, body }, region, { secretArn = () => null } = {}) {
  const operation = headers['x-amz-target']?.split('.').pop() ?? 'Unknown';
  const { SecretId: id = '', VersionStage: stage } = parse(body);
  const resource = secretArn(id) ?? (String(id).startsWith('arn:') ? id : `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${id}-AbCdEf`);
  return [{ action: `secretsmanager:${operation}`, resource, context: stage === undefined ? {} : { 'secretsmanager:VersionStage': stage } }];
}

const addressOf = (text) => text.match(/<([^<>]*)>\s*$/)?.[1] ?? text.trim();

// SendEmail is authorized on the identity and, where the request names them, on the configuration set and the
// template. The identity is the sender's domain, as this project verifies domains.
function ses({ method, path, body }, region) {
  const arn = (rest) => `arn:aws:ses:${region}:${ACCOUNT}:${rest}`;
  if (path !== '/v2/email/outbound-emails') return [{ action: method === 'GET' && path === '/v2/email/account' ? 'ses:GetAccount' : `ses:${method} ${path}`, resource: '*', context: {} }];
  const input = parse(body);
  const from = addressOf(input.FromEmailAddress ?? '');
  const recipients = Object.values(input.Destination ?? {}).flat();
  const context = { 'ses:FromAddress': from, 'ses:Recipients': recipients, 'ses:ApiVersion': '2' };
  const resources = [arn(`identity/${from.split('@').pop()}`)];
  if (input.ConfigurationSetName) resources.push(arn(`configuration-set/${input.ConfigurationSetName}`));
  if (input.Content?.Template?.TemplateName) resources.push(arn(`template/${input.Content.Template.TemplateName}`));
  return resources.map((resource) => ({ action: 'ses:SendEmail', resource, context }));
}

// Invoke: POST /2015-03-31/functions/NAME/invocations?Qualifier=Q; NAME may be an ARN or have the qualifier.
function lambda({ method, path, query }, region) {
  const [, given] = path.match(/^\/2015-03-31\/functions\/([^/]+)\/invocations$/) ?? [];
  if (method !== 'POST' || given === undefined) return [{ action: `lambda:${method} ${path}`, resource: '*', context: {} }];
  const [name, own] = given.replace(/^arn:aws:lambda:[^:]*:\d*:function:/, '').split(':');
  const qualifier = query.Qualifier ?? own;
  return [{ action: 'lambda:InvokeFunction', resource: `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`, context: {} }];
}

// The request names a deployment, which belongs to a deployment group: the resource that policies name
// (serverless-application-model docs, safe_lambda_deployments). The local cloud has one for all.
function codedeploy({ headers }, region) {
  const operation = headers['x-amz-target']?.split('.').pop() ?? 'Unknown';
  return [{ action: `codedeploy:${operation}`, resource: `arn:aws:codedeploy:${region}:${ACCOUNT}:deploymentgroup:application/group`, context: {} }];
}

const SERVICES = { s3, sqs, dynamodb, secretsmanager, ses, lambda, codedeploy };

// service: the signing name. request: as the front parsed it. Returns [{action, resource (ARN), context}]; all
// of them must be allowed. known.secretArn(id): see secretsmanager.
export function callsOf(service, request, region, known = {}) {
  return SERVICES[service]?.(request, region, known) ?? [{ action: `${service}:Unknown`, resource: '*', context: {} }];
}
