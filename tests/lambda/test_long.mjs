// 10,000 warm invocations of the image function, every one with work to do: memory, descriptors and
// disk stay flat. Takes minutes: `make test-long`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { s3Event } from '../../lambda/local/events.mjs';
import { BUILD, IMAGE_PROCESSOR } from '../support/lambda.mjs';

const INVOCATIONS = Number(process.env.INVOCATIONS ?? 10000);
const WARM_UP = 500;
// What the allocator may still move about.
const MAX_GROWTH_KIB = 512;
const PICTURES = [
  ['a.jpg', '640x480', 'noise'],
  ['b.jpg', '1300x900', 'stripes'],
  ['c.png', '300x500', 'rgba'],
  ['d.jpg', '900x1300', 'gradient', 'progressive'],
  ['e.jpg', '640x480', 'noise', 'cut=-3000'],
];

// Every file that the function could have left: in its folder, in /tmp of its own.
const filesBelow = (...folders) => folders.flatMap((one) => readdirSync(one, { recursive: true })).length;

test(`${INVOCATIONS} warm invocations leave memory, descriptors and disk flat`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'long-'));
  const own_tmp = mkdtempSync(join(folder, 'tmp-'));
  const cloud = await startCloud();
  try {
    cloud.createBucket('photos');
    const image = cloud.addFunction({ name: 'image-processor', command: IMAGE_PROCESSOR, cwd: own_tmp, environment: { TMPDIR: own_tmp }, memory_mb: 256, timeout_ms: 20000 });
    const bodies = PICTURES.map(([name, ...spec]) => {
      execFileSync(join(BUILD, 'tests/support/make_pictures'), [join(folder, name), ...spec]);
      return readFileSync(join(folder, name));
    });
    const task_root = join(IMAGE_PROCESSOR, '..');
    const files = filesBelow(own_tmp, task_root);
    const samples = [];
    const begin_ms = Date.now();
    for (let i = 0; i < INVOCATIONS; i += 1) {
      // Another picture at the same few keys each time, so that nothing is done already.
      const key = `uploads/${i % 3}.jpg`;
      const object = cloud.s3.store.putObject('photos', key, bodies[i % bodies.length], 'image/jpeg');
      const result = await image.invoke(s3Event({ bucket: 'photos', key, size: object.contentLength, etag: object.etag.replaceAll('"', '') }));
      assert.equal(result.error, false, result.raw);
      if (i % 100 === 99) samples.push(image.stats()[0]);
      image.log.length = 0;
    }
    assert.equal(image.all.size, 1, 'one environment did it all');
    const at = samples[WARM_UP / 100];
    const end = samples.at(-1);
    console.log(`# ${INVOCATIONS} invocations in ${Math.round((Date.now() - begin_ms) / 1000)} s: RSS ${at.rss_kib} KiB after ${WARM_UP}, ${end.rss_kib} at the end, peak ${end.peak_kib}; descriptors ${at.descriptors}, ${end.descriptors}`);
    const puts = cloud.front.counts['s3.PutObject'].ok;
    assert.ok(puts >= INVOCATIONS * 3, `${puts} puts: the invocations had work to do`);
    assert.ok(end.rss_kib - at.rss_kib <= MAX_GROWTH_KIB, `RSS grew by ${end.rss_kib - at.rss_kib} KiB`);
    assert.ok(end.descriptors <= at.descriptors + 1);
    assert.equal(end.threads, at.threads);
    assert.equal(filesBelow(own_tmp, task_root), files);
  } finally {
    await cloud.stop();
    rmSync(folder, { recursive: true });
  }
});
