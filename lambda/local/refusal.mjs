// How a request is refused: an error code, a message, an HTTP status; and its form on the wire: XML for
// S3, a header and JSON for SES (REST), JSON with __type for the services of the JSON protocol.
import { randomBytes } from 'node:crypto';

export class Refusal extends Error {
  constructor(code, message, status = 400, headers = {}) {
    super(message);
    Object.assign(this, { code, status, headers });
  }
}

export const escapeXml = (text) =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

export const requestId = () => randomBytes(8).toString('hex').toUpperCase();

export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

// Content types of the services of the JSON protocol, by signing name.
export const JSON_TYPES = {
  sqs: 'application/x-amz-json-1.0',
  dynamodb: 'application/x-amz-json-1.0',
  secretsmanager: 'application/x-amz-json-1.1',
  codedeploy: 'application/x-amz-json-1.1',
};

export function s3ErrorBody(code, message, resource = '') {
  return `${XML_HEAD}<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message><Resource>${escapeXml(
    resource,
  )}</Resource><RequestId>${requestId()}</RequestId></Error>`;
}

// {status, headers, body} for a service by its signing name.
export function errorResponse(service, refusal, resource) {
  const { status, code, message } = refusal;
  if (service === 's3') {
    return {
      status,
      headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId(), ...refusal.headers },
      body: Buffer.from(s3ErrorBody(code, message, resource)),
    };
  }
  const type = JSON_TYPES[service];
  return {
    status,
    headers: {
      'content-type': type ?? 'application/json',
      'x-amzn-requestid': requestId(),
      'x-amzn-errortype': code,
      ...refusal.headers,
    },
    body: Buffer.from(JSON.stringify(type ? { __type: `com.amazon.coral.service#${code}`, message } : { message })),
  };
}
