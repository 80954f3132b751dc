// Random runs of the image function: many keys with a few recurring pictures, uploaded, replaced,
// deleted, with events that come late, twice and out of order, slow reads and writes, several
// functions at work on a key, some of them killed. When the last event is handled, the outputs of
// every key must be those of the source as it is then. Some sources are no pictures: they must have
// the tag of a rejection.
import assert from 'node:assert/strict';
import { eventBridgeEvent, s3Event } from '../../lambda/local/events.mjs';
import { ImageCloud, describe, outputKey, picture } from './image.mjs';
import { sleep } from './lambda.mjs';
import { randomFrom } from './random.mjs';

// Outputs of different sources differ in their sizes, but for those of the last two: the same picture
// in files of other bytes, so that not even the ETags of their outputs differ.
const SOURCES = [
  ['24x12', 'noise'],
  ['12x24', 'stripes'],
  ['18x18', 'gradient'],
  ['24x18', 'noise'],
  ['24x18', 'noise', 'comment=twin'],
];
const NO_PICTURE = Buffer.from('no picture');
const SIDES = { large: 12, medium: 10, small: 8, thumbnail: 4 };
const FUNCTIONS = 24;
const KEYS_AT_ONCE = 12;
const STEPS_PER_KEY = 4;
const MAX_SLOW_MS = 250;
const MAX_LATE_MS = 40;
// The failures that a run explains: another one changed the source or an output in all five rounds. No
// other reason may be logged, also where a retry succeeded after it. NOT_FOUND would be an output that
// was deleted before a conditional write: the function has to look at it again, not to fail.
const EXPLAINED = ['CONFLICT', 'PRECONDITION_FAILED'];
// Longer than a request may take here: in Lambda, a minute passes before a retry.
const RETRIES_MS = [200, 400, 400];

class RandomRun {
  constructor(seed) {
    this.random = randomFrom(seed);
    this.history = new Map(); // bucket/key -> ETags that it ever had
    this.counts = { uploads: 0, deletes: 0, output_deletes: 0, events: 0, kills: 0, slow: 0 };
  }

  chance(probability) {
    return this.random() < probability;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  async start() {
    this.bodies = [...SOURCES, ...SOURCES].map((spec) => picture('a.jpg', ...spec));
    this.bodies.push(NO_PICTURE);
    const sizes = Object.entries(SIDES).map(([name, side]) => `${name}=${side}x${side}`).join(',');
    this.one = await ImageCloud.start({ concurrency: FUNCTIONS, retry_delays_ms: RETRIES_MS, timeout_ms: 120000, environment: { IMAGE_SIZES: sizes } });
    const { front } = this.one.cloud;
    const s3 = front.services.s3;
    front.services.s3 = async (request) => {
      const is_source = !request.key.includes('/processed/');
      // Slow in sending what was read, and in writing what was sent: others overtake.
      if (request.method === 'PUT' && this.chance(0.04)) await this.#slow();
      const reply = await s3(request);
      if (this.chance(is_source && request.method === 'GET' ? 0.5 : 0.02)) await this.#slow();
      return reply;
    };
  }

  #slow() {
    this.counts.slow += 1;
    return sleep(this.random() * MAX_SLOW_MS);
  }

  // Once or twice, each time late by another while.
  #deliver(created, state) {
    for (let n = this.chance(0.2) ? 2 : 1; n > 0; n -= 1) {
      const late_ms = this.chance(0.6) ? 0 : this.random() * MAX_LATE_MS;
      const event = this.chance(0.2) ? eventBridgeEvent(created) : s3Event(created);
      this.counts.events += 1;
      state.deliveries.push(sleep(late_ms).then(() => this.one.image.invokeAsync(event)));
    }
  }

  async #upload(bucket, key, state, body) {
    this.counts.uploads += 1;
    const created = await this.one.put(key, body, { bucket });
    this.history.get(`${bucket}/${key}`).add(created.etag);
    Object.assign(state, { created, body });
    this.#deliver(created, state);
  }

  async #step(bucket, key, state) {
    const choice = this.random();
    if (state.created && choice < 0.1) {
      this.counts.deletes += 1;
      await this.one.remove(key, bucket);
    } else if (state.created && choice < 0.2) {
      // Only the next event makes it again.
      this.counts.output_deletes += 1;
      await this.one.remove(outputKey(key, this.pick(Object.keys(SIDES))), bucket);
      this.#deliver(state.created, state);
    } else if (state.created && choice < 0.6) {
      // To another picture and back.
      const { body } = state;
      await this.#upload(bucket, key, state, this.pick(this.bodies));
      await sleep(this.random() * MAX_LATE_MS);
      await this.#upload(bucket, key, state, body);
    } else {
      await this.#upload(bucket, key, state, this.pick(this.bodies));
    }
    if (this.chance(0.02)) this.#kill();
    if (this.chance(0.5)) await Promise.all(state.deliveries);
    else await sleep(this.random() * MAX_LATE_MS);
    // Events that wait for a function do not meet others.
    while (this.one.image.queue.length > 0) await sleep(20);
  }

  #kill() {
    const busy = [...this.one.image.all].filter((environment) => environment.state === 'busy');
    if (busy.length === 0) return;
    this.counts.kills += 1;
    this.pick(busy).process.kill('SIGKILL');
  }

  async run(key_count) {
    const keys = [...Array(key_count).keys()].map((n) => [n % 2 ? 'kept' : 'photos', `uploads/random-${n}.jpg`]);
    keys.forEach((parts) => this.history.set(parts.join('/'), new Set()));
    const left = [...keys];
    const work = async () => {
      for (let next = left.pop(); next; next = left.pop()) {
        const state = { deliveries: [] };
        for (let step = 0; step < STEPS_PER_KEY; step += 1) await this.#step(...next, state);
        await Promise.all(state.deliveries);
      }
    };
    await Promise.all([...Array(KEYS_AT_ONCE)].map(work));
    await this.one.cloud.settle();
    return keys;
  }

  // null, or what is wrong with this key's outputs.
  problem(bucket, key) {
    const source = this.one.cloud.s3.peek(bucket, key);
    const version_id = this.one.cloud.s3.current.get(`${bucket}/${key}`);
    const is_rejected = this.one.tags(key, bucket)['image-status'] === 'rejected:UNSUPPORTED';
    const is_picture = source && !source.body.equals(NO_PICTURE);
    if (source && !is_picture && !is_rejected) return 'no tag of the rejection';
    // A tag goes to the version that was read. Without versions, a function that is killed between
    // setting the tag and looking at the source again leaves it on a newer source.
    if (is_picture && is_rejected && bucket === 'kept') return 'a tag of a rejection';
    for (const [size, side] of Object.entries(SIDES)) {
      const output = this.one.output(key, size, bucket);
      const made_from = output?.metadata['source-etag'];
      if (!is_picture) {
        // Outputs of a source that is deleted or rejected stay, of whatever content it had.
        if (output && !this.history.get(`${bucket}/${key}`).has(made_from)) return `${size} is of a source that never was`;
        continue;
      }
      if (!output) return `${size} is missing`;
      const { width, height } = describe(source.body);
      const scale = Math.min(1, side / Math.max(width, height));
      const is = describe(output.body);
      if (is.width !== Math.round(width * scale) || is.height !== Math.round(height * scale)) return `${size} is ${is.width}x${is.height} of a source of ${width}x${height}`;
      if (made_from !== source.etag.replaceAll('"', '')) return `${size} names another source`;
      if (output.metadata['source-version'] !== version_id) return `${size} names another version`;
    }
    return null;
  }
}

// Gives {problems: ["bucket/key: what is wrong"], counts}.
export async function runRandomly({ keys, seed }) {
  const run = new RandomRun(seed);
  try {
    await run.start();
    const all = await run.run(keys);
    assert.deepEqual(run.one.image.dead_letters, [], 'no event is given up');
    const problems = all.flatMap(([bucket, key]) => {
      const problem = run.problem(bucket, key);
      return problem ? [`${bucket}/${key}: ${problem}`] : [];
    });
    const lines = run.one.image.log.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    for (const name of ['made', 'already made', 'gone', 'rejected']) run.counts[name] = lines.filter((line) => line.message === name).length;
    const failed = lines.filter((line) => line.message === 'failed');
    run.counts.failed = failed.map((line) => line.reason).sort().join(' ');
    const unexplained = failed.filter((line) => !EXPLAINED.includes(line.reason)).map((line) => `${line.bucket}/${line.key}: ${line.reason}: ${line.detail}`);
    return { problems: [...problems, ...unexplained], counts: run.counts };
  } finally {
    await run.one?.stop();
  }
}
