// The policy in lambda/README.md against the calls that the function makes: it allows every one of
// them, and nothing that is never needed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { batchEvent } from '../../lambda/local/events.mjs';
import { s3Operation } from '../../lambda/local/s3.mjs';
import { ImageCloud, outputKey, picture, summary } from '../support/image.mjs';
import { TOP } from '../support/lambda.mjs';

const readme = readFileSync(join(TOP, 'lambda/README.md'), 'utf8');
const statements = JSON.parse(readme.match(/```json\n(\{\n {2}"Version"[\s\S]*?)```/)[1]).Statement;
const version_actions = ['s3:GetObjectVersionTagging', 's3:PutObjectVersionTagging'];

// The actions that S3 asks for, by its API reference.
function actionsOf({ operation, query }) {
  const has_version = query.versionId !== undefined;
  const action = { HeadObject: 'GetObject', GetObject: 'GetObject', PutObject: 'PutObject', GetObjectTagging: 'GetObjectTagging', PutObjectTagging: 'PutObjectTagging' }[operation] ?? operation;
  if (!has_version) return [`s3:${action}`];
  const of_version = `s3:${action.replace('Object', 'ObjectVersion')}`;
  return action.endsWith('Tagging') ? [`s3:${action}`, of_version] : [of_version];
}

// * is any text, / included, as in IAM.
const matches = (pattern, text) => new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's').test(text);
const allowing = (action, bucket, key) =>
  statements.find(({ Action, Resource }) => [Action].flat().includes(action) && [Resource].flat().some((one) => matches(one.replace('BUCKET', bucket), `arn:aws:s3:::${bucket}/${key}`)));

test('the documented policy allows exactly what the function calls', async () => {
  const one = await ImageCloud.start();
  const calls = [];
  try {
    const { front } = one.cloud;
    const s3 = front.services.s3;
    front.services.s3 = (request) => {
      calls.push({ ...request, operation: s3Operation(request) });
      return s3(request);
    };
    const photo = picture('a.jpg', '300x200');
    const small = one.add({ environment: { IMAGE_MAX_SOURCE_MB: '1' } });
    for (const bucket of ['photos', 'kept']) {
      for (const key of ['uploads/a.jpg', 'uploads/b/c/d.jpg']) {
        const created = await one.put(key, photo, { bucket });
        assert.deepEqual((await one.invoke(created)).payload, summary({ made: 1 }));
        assert.deepEqual((await one.invoke(created)).payload, summary({ alreadyMade: 1 }));
        await one.remove(outputKey(key, 'large'), bucket);
        await one.image.invoke(batchEvent([created]));
        assert.deepEqual((await one.invoke(await one.put(key, Buffer.from('text'), { bucket }))).payload, summary({ rejected: 1 }));
        await one.image.invoke(batchEvent([await one.put(key, photo, { bucket, headers: { 'x-amz-tagging': 'image-status=rejected%3ABUDGET' } })]));
        await small.invoke(batchEvent([await one.put(key, Buffer.alloc((1 << 20) + 1), { bucket })]));
        await one.remove(key, bucket);
        assert.deepEqual((await one.invoke(created)).payload, summary({ gone: 1 }));
      }
    }
  } finally {
    await one.stop();
  }
  assert.ok(calls.length > 100);
  const used = new Set();
  for (const call of calls) {
    for (const action of actionsOf(call)) {
      used.add(action);
      if (call.bucket === 'kept' && version_actions.includes(action)) continue;
      assert.ok(allowing(action, call.bucket, call.key), `${action} on ${call.bucket}/${call.key}`);
    }
  }
  // s3:ListBucket is not called: it makes S3 reply 404 instead of 403.
  const documented = statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith('s3:') && action !== 's3:ListBucket');
  assert.deepEqual([...used].sort(), [...documented, ...version_actions].sort());
  version_actions.forEach((action) => assert.ok(readme.includes(`\`${action}\``), action));
  const { Condition } = statements.find(({ Action }) => Action === 's3:ListBucket');
  assert.ok(matches(Condition.StringLike['s3:prefix'], 'uploads/b/c/processed/large/d.jpg'));
});
