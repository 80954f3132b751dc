// The aws-chunked content encoding: `hex-size[;chunk-signature=...]\r\n bytes \r\n`, a last chunk of
// size 0, trailers, an empty line. Signed chunks are chained: each signature covers the one before.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusal.mjs';

const EMPTY_SHA256 = createHash('sha256').digest('hex');

const broken = (what) => new Refusal('IncompleteBody', `The aws-chunked body is not well formed: ${what}.`);

export function sameSignature(ours, theirs) {
  const a = Buffer.from(ours);
  const b = Buffer.from(theirs ?? '');
  return a.length === b.length && timingSafeEqual(a, b);
}

// body: Buffer as received. signing: {key, date, scope, signature} of the request when its chunks are
// signed, else null. Returns {body, trailers}.
export function decodeAwsChunked(body, headers, signing) {
  const parts = [];
  const trailers = {};
  let previous = signing?.signature;
  const verify = (algorithm, hashes, theirs) => {
    const text = [algorithm, signing.date, signing.scope, previous, ...hashes].join('\n');
    const ours = createHmac('sha256', signing.key).update(text).digest('hex');
    if (!sameSignature(ours, theirs)) {
      throw new Refusal('SignatureDoesNotMatch', 'The signature of a chunk does not match.', 403);
    }
    previous = ours;
  };
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
  let at = 0;
  const line = () => {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw broken('a line without an end');
    const text = body.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const match = line().match(/^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/);
    if (!match) throw broken('a chunk without its size');
    const size_bytes = parseInt(match[1], 16);
    if (at + size_bytes > body.length) throw broken('a chunk longer than the body');
    const chunk = body.subarray(at, at + size_bytes);
    at += size_bytes;
    if (signing) verify('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, sha256(chunk)], match[2]);
    if (size_bytes === 0) break;
    parts.push(chunk);
    if (line() !== '') throw broken('a chunk without its end');
  }
  const signed_text = [];
  while (at < body.length) {
    const text = line();
    if (text === '') break;
    const colon = text.indexOf(':');
    if (colon < 1) throw broken('a trailer without a colon');
    const name = text.slice(0, colon).toLowerCase();
    const value = text.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      if (signing) verify('AWS4-HMAC-SHA256-TRAILER', [sha256(signed_text.join(''))], value);
      continue;
    }
    trailers[name] = value;
    signed_text.push(`${name}:${value}\n`);
  }
  const decoded = Buffer.concat(parts);
  const announced = headers['x-amz-decoded-content-length'];
  if (announced !== undefined && Number(announced) !== decoded.length) {
    throw broken('x-amz-decoded-content-length is another');
  }
  for (const name of (headers['x-amz-trailer'] ?? '').split(',').map((text) => text.trim()).filter(Boolean)) {
    if (trailers[name.toLowerCase()] === undefined) throw broken(`the trailer ${name} is missing`);
  }
  return { body: decoded, trailers };
}
