// The image function when a source changes while a slower function is at work on an older state of it:
// A -> B -> A. Each interleaving is scripted: the slow function is held between reading its source and
// receiving it, until the others are done.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { batchEvent, s3Event } from '../../lambda/local/events.mjs';
import { ImageCloud, SIZES, describe, outputKey, picture, summary } from '../support/image.mjs';

let one;
let real_s3;
const picture_a = picture('a.jpg', '300x200', 'noise');
const picture_b = picture('b.jpg', '200x300', 'noise');
before(async () => {
  one = await ImageCloud.start({ concurrency: 3 });
  real_s3 = one.cloud.front.services.s3;
});
after(() => one.stop());
beforeEach(() => {
  one.forget();
  one.cloud.front.services.s3 = real_s3;
});

const succeeds = (result, counts) => assert.deepEqual([result.error, result.payload], [false, summary(counts)], result.raw);

// After the first request that `picks` chooses was performed, and before its reply is sent, `meanwhile`
// runs.
function holdAfter(picks, meanwhile) {
  let is_held = false;
  one.cloud.front.services.s3 = async (request) => {
    const reply = await real_s3(request);
    if (!is_held && picks(request)) {
      is_held = true;
      await meanwhile();
    }
    return reply;
  };
}
const readsSource = (key) => (request) => request.method === 'GET' && request.key === key && request.query.tagging === undefined;

// Every output shows this picture and names this upload as its source.
function isOf({ bucket, key, etag, version_id }, body) {
  const expected = describe(body);
  for (const [size, side] of Object.entries(SIZES)) {
    const output = one.output(key, size, bucket);
    const scale = Math.min(1, side / Math.max(expected.width, expected.height));
    const { width, height } = describe(output.body);
    assert.deepEqual([width, height], [Math.round(expected.width * scale), Math.round(expected.height * scale)], `${size} of ${key}`);
    assert.deepEqual([output.metadata['source-etag'], output.metadata['source-version']], [etag, version_id]);
  }
}

test('A -> B -> A, and the event of the last upload finds its outputs there', async () => {
  const key = 'uploads/aba.jpg';
  succeeds(await one.invoke(await one.put(key, picture_a)), { made: 1 });
  const b = await one.put(key, picture_b);
  let last;
  holdAfter(readsSource(key), async () => {
    last = await one.put(key, picture_a);
    succeeds(await one.invoke(last), { alreadyMade: 1 });
  });
  succeeds(await one.invoke(b), { made: 1 });
  isOf(last, picture_a);
});

test('A -> B -> A with versions: the function of the last upload writes the same bytes again', async () => {
  const key = 'uploads/aba.jpg';
  succeeds(await one.invoke(await one.put(key, picture_a, { bucket: 'kept' })), { made: 1 });
  const etags = Object.keys(SIZES).map((size) => one.output(key, size, 'kept').etag);
  const b = await one.put(key, picture_b, { bucket: 'kept' });
  let last;
  holdAfter(readsSource(key), async () => {
    last = await one.put(key, picture_a, { bucket: 'kept' });
    succeeds(await one.invoke(last), { made: 1 });
    assert.deepEqual(Object.keys(SIZES).map((size) => one.output(key, size, 'kept').etag), etags, 'If-Match cannot see the write');
  });
  succeeds(await one.invoke(b), { made: 1 });
  isOf(last, picture_a);
});

test('A -> B -> A\', a file of other bytes and the same picture', async () => {
  const key = 'uploads/aba-comment.jpg';
  const same = picture('c.jpg', '300x200', 'noise', 'comment=other');
  succeeds(await one.invoke(await one.put(key, picture_a)), { made: 1 });
  const { etag } = one.output(key, 'large');
  const b = await one.put(key, picture_b);
  let last;
  holdAfter(readsSource(key), async () => {
    last = await one.put(key, same);
    succeeds(await one.invoke(last), { made: 1 });
    assert.equal(one.output(key, 'large').etag, etag, 'If-Match cannot see the write');
  });
  succeeds(await one.invoke(b), { made: 1 });
  isOf(last, same);
});

test('A -> B -> A with versioning suspended: every version is called "null"', async () => {
  const key = 'uploads/aba-null.jpg';
  const named = async (request) => {
    const reply = await real_s3(request);
    if (reply.status < 300) reply.headers['x-amz-version-id'] ??= 'null';
    return reply;
  };
  const suspended = async (body) => ({ ...(await one.put(key, body)), version_id: 'null' });
  one.cloud.front.services.s3 = named;
  succeeds(await one.invoke(await suspended(picture_a)), { made: 1 });
  const b = await suspended(picture_b);
  let last;
  holdAfter(readsSource(key), async () => {
    last = await suspended(picture_a);
    succeeds(await one.invoke(last), { alreadyMade: 1 });
  });
  const held = one.cloud.front.services.s3;
  one.cloud.front.services.s3 = async (request) => {
    const reply = await held(request);
    if (reply.status < 300) reply.headers['x-amz-version-id'] ??= 'null';
    return reply;
  };
  succeeds(await one.invoke(b), { made: 1 });
  isOf(last, picture_a);
});

test('the same content as a new version while its outputs are written: they name the new version', async () => {
  const key = 'uploads/again.jpg';
  const first = await one.put(key, picture_a, { bucket: 'kept' });
  let last;
  holdAfter(readsSource(key), async () => {
    last = await one.put(key, picture_a, { bucket: 'kept' });
    assert.notEqual(last.version_id, first.version_id);
  });
  succeeds(await one.invoke(first), { made: 1 });
  isOf(last, picture_a);
});

test('killed after the writes and before the second look: the retry of the same event mends it', async () => {
  const key = 'uploads/killed.jpg';
  succeeds(await one.invoke(await one.put(key, picture_a)), { made: 1 });
  const b = await one.put(key, picture_b);
  const short_lived = one.add();
  let last;
  let is_last_done = false;
  one.cloud.front.services.s3 = async (request) => {
    const reply = await real_s3(request);
    if (readsSource(key)(request) && !last) {
      last = await one.put(key, picture_a);
      succeeds(await one.invoke(last), { alreadyMade: 1 });
      is_last_done = true;
    } else if (is_last_done && request.method === 'HEAD' && request.key === key) {
      process.kill([...short_lived.all][0].pid, 'SIGKILL');
    }
    return reply;
  };
  const killed = await short_lived.invoke(s3Event(b));
  assert.match(killed.payload.errorType, /^Runtime\.ExitError$/, killed.raw);
  assert.equal(one.output(key, 'large').metadata['source-etag'], b.etag, 'it did write');
  one.cloud.front.services.s3 = real_s3;
  // The outputs are those of the ETag that the event names, and yet not those of the source.
  succeeds(await one.invoke(b), { made: 1 });
  isOf(last, picture_a);
});

test('the second look fails: the event fails, and its retry finds the outputs made', async () => {
  const created = await one.put('uploads/unchecked.jpg', picture_a);
  one.fault({ operation: 'HeadObject', key: created.key, action: 'status', status: 500, times: -1 });
  const failed = await one.invoke(created);
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Image.SERVER_ERROR'], failed.raw);
  assert.equal(one.outputs(created.key).length, 4);
  one.forget();
  succeeds(await one.invoke(created), { alreadyMade: 1 });
  assert.equal(one.count('PutObject'), 0);
});

test('deleted while its outputs are written: gone', async () => {
  const key = 'uploads/deleted.jpg';
  const created = await one.put(key, picture_a);
  holdAfter(readsSource(key), () => one.remove(key));
  succeeds(await one.invoke(created), { gone: 1 });
  // Deleted and uploaded anew: the outputs of the deletion's time are overwritten.
  const b = await one.put(key, picture_b);
  holdAfter(readsSource(key), async () => {
    await one.remove(key);
    await one.put(key, picture_a);
  });
  succeeds(await one.invoke(b), { made: 1 });
  isOf(await one.put(key, picture_a), picture_a);
});

test('a source that changes at every look: given up after five rounds, for Lambda to retry', async () => {
  const key = 'uploads/restless.jpg';
  const created = await one.put(key, picture_a);
  let rounds = 0;
  one.cloud.front.services.s3 = async (request) => {
    const reply = await real_s3(request);
    if (readsSource(key)(request)) await one.put(key, ++rounds % 2 ? picture_b : picture_a);
    return reply;
  };
  const result = await one.invoke(created);
  assert.deepEqual([result.error, result.payload.errorType, rounds], [true, 'Image.CONFLICT', 5], result.raw);
  one.cloud.front.services.s3 = real_s3;
  const last = await one.put(key, picture_b);
  succeeds(await one.invoke(last), { made: 1 });
  isOf(last, picture_b);
});

test('a forced back-fill that is overtaken makes the outputs of the newer source', async () => {
  const key = 'uploads/forced.jpg';
  const a = await one.put(key, picture_a);
  succeeds(await one.invoke(a), { made: 1 });
  let last;
  holdAfter(readsSource(key), async () => {
    last = await one.put(key, picture_b);
    succeeds(await one.invoke(last), { made: 1 });
  });
  one.forget();
  const { payload } = await one.image.invoke(batchEvent([a], '2.0', { force: 'true' }));
  assert.deepEqual(payload.results.map(({ resultCode, resultString }) => [resultCode, resultString]), [['Succeeded', 'made']]);
  isOf(last, picture_b);
  // The event's four; four that fail, for they are of the old source; four of the new source.
  assert.deepEqual([one.count('PutObject', 'ok'), one.count('PutObject', 'refused')], [8, 4]);
});

test('an output deleted between the look and the write: it is looked at again', async () => {
  const key = 'uploads/output-deleted.jpg';
  succeeds(await one.invoke(await one.put(key, picture_a)), { made: 1 });
  const b = await one.put(key, picture_b);
  holdAfter(readsSource(key), () => one.remove(outputKey(key, 'medium')));
  one.forget();
  succeeds(await one.invoke(b), { made: 1 });
  isOf(b, picture_b);
  assert.equal(one.count('PutObject', 'refused'), 1, 'If-Match on an object that is not there is 404');
  assert.equal(one.count('PutObject', 'ok'), 4, 'the other outputs are written once');
});
