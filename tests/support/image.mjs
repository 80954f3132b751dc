// What the tests of the image function share: a cloud with the function in it, pictures, uploads.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { s3Event } from '../../lambda/local/events.mjs';
import { BUILD, IMAGE_PROCESSOR } from './lambda.mjs';

export const SIZES = { large: 1200, medium: 800, small: 400, thumbnail: 200 };

// A picture by tests/support/make_pictures: picture('a.jpg', '640x480', 'noise').
export function picture(name, ...spec) {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  try {
    execFileSync(join(BUILD, 'tests/support/make_pictures'), [join(folder, name), ...spec]);
    return readFileSync(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Format and size of a picture, from its own bytes: {type, width, height}.
export function describe(bytes) {
  if (bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n') {
    return { type: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  assert.equal(bytes.readUInt16BE(0), 0xffd8);
  assert.equal(bytes.readUInt16BE(bytes.length - 2), 0xffd9);
  for (let at = 2; ; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xc2) {
      return { type: 'image/jpeg', width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
  }
}

export const outputKey = (key, size) => key.replace(/[^/]*$/, (name) => `processed/${size}/${name}`);

// A cloud with the buckets photos and kept (with versions), and the image function.
export class ImageCloud {
  static async start(config = {}) {
    const one = new ImageCloud();
    one.cloud = await startCloud();
    one.cloud.createBucket('photos');
    one.cloud.createBucket('kept', { versioned: true });
    one.image = one.add(config);
    return one;
  }

  // Another one with other settings; each ends with the cloud.
  add(config = {}) {
    const name = `image-processor-${this.cloud.functions.size + 1}`;
    return this.cloud.addFunction({ name, command: IMAGE_PROCESSOR, memory_mb: 256, timeout_ms: 20000, ...config });
  }

  stop() {
    return this.cloud.stop();
  }

  // Nothing counted, no faults, the objects stay.
  forget() {
    this.cloud.front.forget();
    this.cloud.front.faults.clear();
  }

  // Uploads without a request that the front counts; returns what events are made of.
  async put(key, body, { bucket = 'photos', headers = {} } = {}) {
    const response = await this.cloud.s3.handle({ method: 'PUT', bucket, key, query: {}, headers, trailers: {}, body });
    assert.equal(response.status, 200);
    return { bucket, key, size: body.length, etag: response.headers.etag.replaceAll('"', ''), version_id: response.headers['x-amz-version-id'] };
  }

  remove(key, bucket = 'photos') {
    return this.cloud.s3.handle({ method: 'DELETE', bucket, key, query: {}, headers: {}, trailers: {}, body: Buffer.alloc(0) });
  }

  // Invokes the function with the S3 notification of these objects.
  invoke(...created) {
    return this.image.invoke(s3Event(created));
  }

  output(key, size, bucket = 'photos') {
    return this.cloud.s3.peek(bucket, outputKey(key, size));
  }

  // The sizes of which there are outputs.
  outputs(key, bucket = 'photos') {
    return Object.keys(SIZES).filter((size) => this.output(key, size, bucket) !== null);
  }

  count(operation, what = 'requests') {
    return this.cloud.front.counts[`s3.${operation}`]?.[what] ?? 0;
  }

  tags(key, bucket = 'photos') {
    return this.cloud.s3.tagsOf(bucket, key);
  }

  fault(rule) {
    this.cloud.front.faults.add(rule);
  }
}

export const summary = (counts) => ({ made: 0, alreadyMade: 0, skipped: 0, gone: 0, rejected: 0, failed: 0, ...counts });
export const logs = (result) => result.logs.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
