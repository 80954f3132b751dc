// The checksums that S3 lets a client send with a body, each as base64 of its big-endian bytes.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Refusal } from './refusal.mjs';

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ CRC32C_TABLE[(value ^ byte) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}

const big_endian = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
};
const hash = (name) => (bytes) => createHash(name).update(bytes).digest('base64');

const ALGORITHMS = {
  'x-amz-checksum-crc32': (bytes) => big_endian(crc32(bytes)),
  'x-amz-checksum-crc32c': (bytes) => big_endian(crc32c(bytes)),
  'x-amz-checksum-sha1': hash('sha1'),
  'x-amz-checksum-sha256': hash('sha256'),
};

// Refuses a body that does not match Content-MD5 or an x-amz-checksum-* header (or trailer).
export function checkBody(headers, trailers, body) {
  const md5 = headers['content-md5'];
  if (md5 !== undefined) {
    if (!/^[A-Za-z0-9+/]{22}==$/.test(md5)) {
      throw new Refusal('InvalidDigest', 'The Content-MD5 you specified was invalid.');
    }
    if (hash('md5')(body) !== md5) {
      throw new Refusal('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
  }
  const given = { ...headers, ...trailers };
  for (const name of Object.keys(given).filter((key) => /^x-amz-checksum-(?!mode|algorithm|type)/.test(key))) {
    const algorithm = ALGORITHMS[name];
    if (!algorithm) throw new Refusal('InvalidRequest', `${name} is not supported here.`);
    if (algorithm(body) !== given[name]) {
      const label = name.slice('x-amz-checksum-'.length).toUpperCase();
      throw new Refusal('BadDigest', `The ${label} you specified did not match the calculated checksum.`);
    }
  }
}
