// Calls of the AWS CLI. Every call is one of those below, so that the rights that a deployment needs can be read
// here. Version 1.19 or later, or any version 2.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const LEAST_VERSION = [1, 19];
// Longer than any function's timeout, and one attempt: a second one would run the migrations twice at once.
const INVOKE_SECONDS = 910;

// A call that failed, with what the CLI wrote.
export class AwsError extends Error {
  constructor(args, detail) {
    super(`aws ${args.slice(0, 2).join(' ')}: ${detail}`);
    // "An error occurred (ResourceNotFoundException) when calling ..."
    this.code = /\((\w+)\) when calling/.exec(detail)?.[1] ?? null;
  }
}

// Runs the AWS CLI; resolves to what it wrote.
function runCli(args, environment = {}) {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: MAX_OUTPUT_BYTES, env: { ...process.env, AWS_PAGER: '', ...environment } };
    execFile('aws', args, options, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') reject(new AwsError(args, 'the AWS CLI is not installed'));
      else if (error) reject(new AwsError(args, stderr.trim() || stdout.trim() || error.message));
      // Version 1 of the CLI with Python 2 wrote its version to stderr.
      else resolve(stdout || stderr);
    });
  });
}

export class Aws {
  #run;

  // run(args, environment): another one than the CLI, in tests.
  constructor(run = runCli) {
    this.#run = run;
  }

  async #json(args) {
    const text = await this.#run([...args, '--output', 'json']);
    try {
      return text.trim() === '' ? {} : JSON.parse(text);
    } catch {
      throw new AwsError(args, `the reply is not JSON: ${text.slice(0, 200)}`);
    }
  }

  async checkVersion() {
    const text = await this.#run(['--version']);
    const version = /aws-cli\/(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
    if (!version) throw new AwsError(['--version'], `unknown version: ${text.trim()}`);
    const is_old = version[0] < LEAST_VERSION[0] || (version[0] === LEAST_VERSION[0] && version[1] < LEAST_VERSION[1]);
    if (is_old) throw new AwsError(['--version'], `${version.join('.')} is too old: ${LEAST_VERSION.join('.')} or later is needed`);
  }

  // {version, is_moving}: is_moving while a deployment shifts traffic.
  async alias(function_name, name) {
    const alias = await this.#json(['lambda', 'get-alias', '--function-name', function_name, '--name', name]);
    return { version: alias.FunctionVersion, is_moving: Object.keys(alias.RoutingConfig?.AdditionalVersionWeights ?? {}).length > 0 };
  }

  // Why a version cannot take traffic; null: it can.
  async versionFault(function_name, version) {
    const found = await this.#json(['lambda', 'get-function-configuration', '--function-name', function_name, '--qualifier', version]);
    if (found.State !== undefined && found.State !== 'Active' && found.State !== 'Inactive') return `its state is ${found.State}: ${found.StateReason ?? ''}`;
    return null;
  }

  // {failed, payload}: failed is the function's own failure.
  async invoke(function_name, version, event) {
    const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
    try {
      const input = join(folder, 'event.json');
      const output = join(folder, 'result.json');
      writeFileSync(input, JSON.stringify(event));
      // fileb: version 2 takes --payload as base64 otherwise, and version 1 does not.
      const reply = JSON.parse(await this.#run(['lambda', 'invoke', '--function-name', function_name, '--qualifier', version,
        '--payload', `fileb://${input}`, '--cli-read-timeout', String(INVOKE_SECONDS), '--output', 'json', output], { AWS_MAX_ATTEMPTS: '1' }));
      return { failed: reply.FunctionError !== undefined, payload: JSON.parse(readFileSync(output, 'utf8') || 'null') };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  // Names of those alarms that are in the state ALARM.
  async ringing(names) {
    if (names.length === 0) return [];
    const { MetricAlarms } = await this.#json(['cloudwatch', 'describe-alarms', '--alarm-names', ...names]);
    const missing = names.filter((name) => !MetricAlarms.some((alarm) => alarm.AlarmName === name));
    if (missing.length > 0) throw new AwsError(['cloudwatch', 'describe-alarms'], `no such alarm: ${missing.join(', ')}`);
    return MetricAlarms.filter((alarm) => alarm.StateValue === 'ALARM').map((alarm) => alarm.AlarmName);
  }

  async createDeployment(application, group, revision, description) {
    const reply = await this.#json(['deploy', 'create-deployment', '--application-name', application, '--deployment-group-name', group,
      '--revision', JSON.stringify(revision), '--description', description]);
    return reply.deploymentId;
  }

  // {status, error, rollback}
  async deployment(id) {
    const { deploymentInfo: info } = await this.#json(['deploy', 'get-deployment', '--deployment-id', id]);
    const error = info.errorInformation ? `${info.errorInformation.code}: ${info.errorInformation.message}` : null;
    return { status: info.status, error, rollback: info.rollbackInfo?.rollbackDeploymentId ?? null };
  }
}
