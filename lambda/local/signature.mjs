// Verifies Signature Version 4: the request is signed again by @smithy/signature-v4 with the secret of
// its access key, and the signature that came with it must be the same. Authorization headers,
// presigned URLs, signed bodies and chunks.
import { createHash, createHmac } from 'node:crypto';
import { decodeAwsChunked, sameSignature } from './aws_chunked.mjs';
import { SignatureV4, createScope, getCanonicalHeaders, getSigningKey } from './packages.mjs';
import { Refusal } from './refusal.mjs';

// How far a request's time may be from the server's.
export const MAX_SKEW_S = 900;
const MAX_PRESIGNED_S = 604800;
const ALGORITHM = 'AWS4-HMAC-SHA256';

// The form of hash that @smithy/signature-v4 takes.
export class Sha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }

  update(data) {
    this.hash.update(data);
  }

  async digest() {
    return new Uint8Array(this.hash.digest());
  }
}

const denied = (message, status = 403) => new Refusal('AccessDenied', message, status);

// AWS's own encoding of a path, from the decoded one: what S3 signs.
export const encodePath = (path) =>
  encodeURIComponent(path)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');

// The codes of the services other than S3 for S3's refusals.
const OTHER_CODES = {
  AccessDenied: 'MissingAuthenticationTokenException',
  AuthorizationHeaderMalformed: 'IncompleteSignatureException',
  ExpiredToken: 'ExpiredTokenException',
  InvalidAccessKeyId: 'UnrecognizedClientException',
  InvalidToken: 'UnrecognizedClientException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
};
// Those that refuse with 400 where the others send 403.
const REFUSE_WITH_400 = ['dynamodb', 'secretsmanager'];

// A refusal in the form of the service that the request was signed for.
function inFormOf(service, refusal) {
  if (service === 's3' || !(refusal instanceof Refusal)) return refusal;
  const code = OTHER_CODES[refusal.code];
  if (!code) return refusal;
  return new Refusal(code, refusal.message, REFUSE_WITH_400.includes(service) ? 400 : 403);
}

// What the request states of its signature: in its Authorization header or its query.
function claims(headers, query) {
  const header = headers.authorization;
  if (header) {
    const match = header.match(/^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]+)$/);
    if (!match) throw new Refusal('AuthorizationHeaderMalformed', 'The authorization header is malformed.');
    return {
      credential: match[1],
      signed_headers: match[2].split(';'),
      signature: match[3],
      date: headers['x-amz-date'],
      token: headers['x-amz-security-token'],
      presigned: false,
    };
  }
  if (query['X-Amz-Signature'] === undefined) throw denied('The request is not signed.');
  if (query['X-Amz-Algorithm'] !== ALGORITHM) {
    throw new Refusal('AuthorizationQueryParametersError', 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".');
  }
  return {
    credential: query['X-Amz-Credential'] ?? '',
    signed_headers: (query['X-Amz-SignedHeaders'] ?? '').split(';'),
    signature: query['X-Amz-Signature'],
    date: query['X-Amz-Date'],
    token: query['X-Amz-Security-Token'],
    expires_s: Number(query['X-Amz-Expires']),
    presigned: true,
  };
}

function parseDate(text) {
  const match = text?.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/);
  if (!match) throw denied('AWS authentication requires a valid Date or x-amz-date header.');
  return Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`);
}

export class SignatureVerifier {
  // credentials: list of {accessKeyId, secretAccessKey, sessionToken?, expires_ms?}; now_ms(): the
  // server's clock.
  constructor(credentials, now_ms) {
    this.credentials = new Map(credentials.map((one) => [one.accessKeyId, one]));
    this.now_ms = now_ms;
  }

  add(credentials) {
    this.credentials.set(credentials.accessKeyId, credentials);
  }

  // request: {method, path (decoded), query, headers (lower case), body}; service: the form in which it
  // is refused. Returns {access_key, service, region, body (decoded), trailers}; throws a Refusal.
  async verify(request, service) {
    try {
      return await this.#verify(request);
    } catch (error) {
      throw inFormOf(service, error);
    }
  }

  async #verify(request) {
    const claim = claims(request.headers, request.query);
    const [access_key, day, region, service, end, more] = claim.credential.split('/');
    if (end !== 'aws4_request' || more !== undefined || day !== claim.date?.slice(0, 8)) {
      throw new Refusal('AuthorizationHeaderMalformed', 'The credential scope is malformed.');
    }
    this.#checkTime(claim);
    const credentials = this.#checkCredentials(access_key, claim);
    this.#checkSignedHeaders(request, claim);
    const scope = createScope(day, region, service);
    const key = await getSigningKey(Sha256, credentials, day, region, service);
    const payload_hash = this.#payloadHash(request, claim, service);
    await this.#checkSignature(request, claim, { service, region, credentials, scope, key, payload_hash });
    const content = this.#checkPayload(request, payload_hash, {
      key,
      date: claim.date,
      scope,
      signature: claim.signature,
    });
    return { access_key, service, region, presigned: claim.presigned, ...content };
  }

  #checkTime(claim) {
    const skew_s = (this.now_ms() - parseDate(claim.date)) / 1000;
    if (!claim.presigned) {
      if (Math.abs(skew_s) > MAX_SKEW_S) {
        throw new Refusal('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', 403);
      }
      return;
    }
    if (!(claim.expires_s >= 0 && claim.expires_s <= MAX_PRESIGNED_S)) {
      throw new Refusal('AuthorizationQueryParametersError', 'X-Amz-Expires must be between 0 and 604800 seconds.');
    }
    if (skew_s > claim.expires_s) throw denied('Request has expired');
    if (skew_s < -MAX_SKEW_S) throw denied('Request is not yet valid');
  }

  #checkCredentials(access_key, claim) {
    const credentials = this.credentials.get(access_key);
    if (!credentials) {
      throw new Refusal('InvalidAccessKeyId', 'The access key id you provided does not exist in our records.', 403);
    }
    if ((credentials.sessionToken ?? undefined) !== (claim.token ?? undefined)) {
      throw new Refusal('InvalidToken', 'The provided token is malformed or otherwise invalid.');
    }
    if (credentials.expires_ms !== undefined && this.now_ms() > credentials.expires_ms) {
      throw new Refusal('ExpiredToken', 'The provided token has expired.');
    }
    return credentials;
  }

  // host and every x-amz-* header must be signed, or they could be changed on the way.
  #checkSignedHeaders(request, claim) {
    const signed = new Set(claim.signed_headers);
    const wanted = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'));
    for (const name of ['host', ...wanted]) {
      if (!signed.has(name)) throw denied(`There were headers present in the request which were not signed: ${name}`);
    }
  }

  #payloadHash({ headers, body }, claim, service) {
    const given = headers['x-amz-content-sha256'];
    if (given !== undefined) return given;
    if (claim.presigned && service === 's3') return 'UNSIGNED-PAYLOAD';
    if (service === 's3') {
      throw new Refusal('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
    }
    return createHash('sha256').update(body).digest('hex');
  }

  async #checkSignature(request, claim, { service, region, credentials, scope, key, payload_hash }) {
    const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: service !== 's3', applyChecksum: false });
    const headers = {};
    for (const name of claim.signed_headers) {
      if (request.headers[name] === undefined) throw denied(`The signed header ${name} is missing.`);
      headers[name] = request.headers[name];
    }
    const canonical = signer.createCanonicalRequest(
      { method: request.method, path: encodePath(request.path), query: request.query },
      getCanonicalHeaders({ headers }, undefined, new Set(claim.signed_headers)),
      payload_hash,
    );
    const text = await signer.createStringToSign(claim.date, scope, canonical, ALGORITHM);
    const ours = createHmac('sha256', key).update(text).digest('hex');
    if (!sameSignature(ours, claim.signature)) {
      throw new Refusal(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        403,
      );
    }
  }

  #checkPayload({ headers, body }, payload_hash, signing) {
    const chunked = (headers['content-encoding'] ?? '').split(',').some((text) => text.trim() === 'aws-chunked');
    if (payload_hash.startsWith('STREAMING-')) {
      const signed = /^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.test(payload_hash);
      if (!signed && payload_hash !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
        throw new Refusal('InvalidArgument', 'x-amz-content-sha256 must be a valid value.');
      }
      return decodeAwsChunked(body, headers, signed ? signing : null);
    }
    if (payload_hash !== 'UNSIGNED-PAYLOAD' && createHash('sha256').update(body).digest('hex') !== payload_hash) {
      throw new Refusal('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.");
    }
    return chunked ? decodeAwsChunked(body, headers, null) : { body, trailers: {} };
  }
}
