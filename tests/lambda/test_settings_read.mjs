// The names that infra/checks/settings.mjs reads in the sources are all that the functions ask their environment for:
// each program is started with a getenv that writes down the names. Those of the libraries (OpenSSL, curl, libc) are
// not this project's: its sources do not have them as text.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { ENVIRONMENTS as PLANS, Plan, renderedPath } from '../../infra/checks/plan.mjs';
import { readNames, sourcesOf } from '../../infra/checks/settings.mjs';
import { samplePlan } from '../support/plan.mjs';
import { BUILD, NO_HURRY, run } from '../support/lambda.mjs';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
after(() => rmSync(folder, { recursive: true }));

// Writes each name to the file descriptor that LOG_NAMES opens, and returns what the environment has.
const SPY = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
char *getenv(const char *name) {
    static char *(*real)(const char *);
    if (!real) real = (char *(*)(const char *))dlsym(RTLD_NEXT, "getenv");
    const char *path = real("LOG_NAMES");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (file >= 0) {
        (void)!write(file, name, strlen(name));
        (void)!write(file, "\\n", 1);
        close(file);
    }
    return real(name);
}
`;
const spy = join(folder, 'spy.so');

test('a getenv that writes down the names is built', async () => {
  writeFileSync(join(folder, 'spy.c'), SPY);
  const { status, stderr } = await run('cc', ['-shared', '-fPIC', '-o', spy, join(folder, 'spy.c'), '-ldl']);
  assert.equal(status, 0, stderr);
});

// Such that every part of the settings is read.
const ENVIRONMENTS = {
  'image-processor': {},
  'email-sender': { FROM_EMAIL: 'a@b.example', IDEMPOTENCY_TABLE: 't' },
  'webhook-handler': { DB_SECRET_NAME: 'db', EMAIL_QUEUE_URL: 'http://127.0.0.1:1/0/q', WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', MIGRATION_SECRET_NAME: 'm' },
  'settlement-report': { DB_SECRET_NAME: 'db', EMAIL_QUEUE_URL: 'http://127.0.0.1:1/0/q', REPORTS_BUCKET: 'reports', MIGRATION_SECRET_NAME: 'm' },
  'deploy-check': { IMAGE_FUNCTION: 'i', UPLOADS_BUCKET: 'uploads' },
};

const read = readNames();
for (const [program, environment] of Object.entries(ENVIRONMENTS)) {
  test(`${program} asks for no name that the sources do not have for it`, async () => {
    const log = join(folder, `${program}.names`);
    const event = join(folder, 'event.json');
    writeFileSync(event, '{}');
    await run(join(BUILD, 'lambda', program), ['--event', event], {
      env: { PATH: '/usr/bin:/bin', LD_PRELOAD: spy, LOG_NAMES: log, AWS_REGION: 'ap-northeast-2', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1', ...environment },
    });
    assert.ok(existsSync(log), 'it asked for nothing');
    const asked = new Set(readFileSync(log, 'utf8').split('\n').filter(Boolean));
    const text = sourcesOf(program).map((path) => readFileSync(path, 'utf8')).join('\n');
    // Without those that Lambda sets.
    const ours = [...asked].filter((name) => !/^(AWS_|_X_AMZN_)/.test(name) && text.includes(`"${name}"`));
    assert.ok(ours.length >= 5, ours.join());
    assert.deepEqual(ours.filter((name) => !read[program].has(name)), []);
    // And what the sources read without a condition is asked for.
    for (const name of ['METRICS_NAMESPACE', ...Object.keys(environment)]) assert.ok(asked.has(name), name);
  });
}

// ---------------------------------------------------------------------- the values of the plans

// The values, too, are such that each function starts: an event that it does not know is refused as one, and that is
// no failure of the start.
async function starts(cloud, one, more = {}) {
  const environment = { ...one.environment, ...more, DB_CA_FILE: undefined, AWS_ENDPOINT_URL: undefined };
  const target = cloud.addFunction({
    name: one.name, command: join(BUILD, 'lambda', one.program), memory_mb: one.memory_mb ?? 256, ...NO_HURRY,
    environment: Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)),
  });
  const result = await target.invoke({ unknown: true });
  assert.doesNotMatch(String(result.payload.errorType), /^(Init|Runtime|Sandbox)\./, `${one.name}: ${result.raw}`);
  assert.ok(!result.logs.some((line) => line.startsWith('INIT_REPORT Status: error')), `${one.name}: ${result.raw}`);
  return result;
}

const plans = [new Plan(samplePlan(), 'the sample'), ...PLANS.filter((name) => existsSync(renderedPath(name))).map(Plan.read)];
for (const plan of plans) {
  test(`every function of ${plan.name} starts with the settings of the plan`, async () => {
    const cloud = await startCloud();
    try {
      for (const one of plan.functions) await starts(cloud, one);
    } finally {
      await cloud.stop();
    }
  });
}

test('a value that does not fit is found by that', async () => {
  const cloud = await startCloud();
  try {
    const [one] = plans[0].functions.filter(({ program }) => program === 'email-sender');
    await assert.rejects(starts(cloud, one, { SES_SEND_RATE: 'fast' }), /SES_SEND_RATE/);
  } finally {
    await cloud.stop();
  }
});
