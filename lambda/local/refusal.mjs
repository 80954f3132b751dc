// How a request is refused: an error code, a sentence, an HTTP status; and its form on the wire, XML
// for S3, JSON for the other services.
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

export function s3ErrorBody(code, message, resource = '') {
  return `${XML_HEAD}<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message><Resource>${escapeXml(
    resource,
  )}</Resource><RequestId>${requestId()}</RequestId></Error>`;
}

// {status, headers, body} for a service by its signing name.
export function refusalAnswer(service, refusal, resource) {
  if (service === 's3') {
    return {
      status: refusal.status,
      headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId(), ...refusal.headers },
      body: Buffer.from(s3ErrorBody(refusal.code, refusal.message, resource)),
    };
  }
  const sqs = service === 'sqs';
  return {
    status: refusal.status,
    headers: {
      'content-type': sqs ? 'application/x-amz-json-1.0' : 'application/json',
      'x-amzn-requestid': requestId(),
      'x-amzn-errortype': refusal.code,
      ...refusal.headers,
    },
    body: Buffer.from(
      JSON.stringify({ __type: `com.amazon.coral.service#${refusal.code}`, message: refusal.message }),
    ),
  };
}
