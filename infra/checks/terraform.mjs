// Terraform over infra/ without an account and without the registry: a copy of infra/ in a temporary folder, with a
// local backend, and the provider's stub (provider.mjs) unless the real one is asked for.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startProvider } from './provider.mjs';
import { INFRA } from './tree.mjs';

const HELP = `Use: terraform.mjs [--real] [--unknown] -chdir=FOLDER COMMAND...
Runs a Terraform command in a copy of infra/ with a local backend, after terraform init.
  --real       the real AWS provider, downloaded by terraform init
  --unknown    the stub leaves what AWS computes unknown, as the real provider's plan does
FOLDER is a folder of infra/. Examples:
  node infra/checks/terraform.mjs -chdir=infra/environments/dev validate
  node infra/checks/terraform.mjs -chdir=infra/environments/dev plan -var-file=terraform.tfvars.example
  node infra/checks/terraform.mjs -chdir=infra/modules/queue test
Exit status: Terraform's; 2 if the command line is wrong.`;

const FUNCTIONS = ['image-processor', 'email-sender', 'settlement-report', 'webhook-handler', 'deploy-check'];

export function hasTerraform() {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

// The copy: {folder, infra}. Zips that a plan takes the digest of need not be built: empty ones stand for them.
export function copyInfra(infra = INFRA) {
  const folder = mkdtempSync(join(tmpdir(), 'infra-'));
  const copy = join(folder, 'infra');
  cpSync(infra, copy, { recursive: true, dereference: true, filter: (path) => !/\/(\.terraform|rendered)(\/|$)/.test(path) });
  for (const machine of ['x86_64', 'arm64']) {
    const zips = join(folder, 'build/package', machine);
    mkdirSync(zips, { recursive: true });
    for (const name of FUNCTIONS) writeFileSync(join(zips, `${name}.zip`), '');
  }
  return { folder, infra: copy, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

// One Terraform with one provider; call run as often as wanted, then close.
export class Terraform {
  static async start({ is_real = false, is_unknown = false, look_alike = null, infra = INFRA } = {}) {
    const terraform = new Terraform();
    terraform.copy = copyInfra(infra);
    terraform.provider = is_real ? { name: 'the real AWS provider', environment: {}, stop: () => {} } : await startProvider({ is_unknown, look_alike });
    return terraform;
  }

  // Returns {status, stdout, stderr}. The folder is relative to infra/.
  run(folder, args, { is_shown = false } = {}) {
    const child = spawn('terraform', [`-chdir=${join(this.copy.infra, folder)}`, ...args], {
      stdio: ['ignore', is_shown ? 'inherit' : 'pipe', is_shown ? 'inherit' : 'pipe'],
      env: { ...process.env, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1', ...(this.provider.name.startsWith('the stub') && { TF_CLI_CONFIG_FILE: '' }), ...(!process.stdout.isTTY && { TF_CLI_ARGS: '-no-color' }), ...this.provider.environment },
    });
    const result = { stdout: '', stderr: '' };
    child.stdout?.on('data', (data) => { result.stdout += data; });
    child.stderr?.on('data', (data) => { result.stderr += data; });
    return new Promise((resolve_run, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve_run({ status: status ?? 1, ...result }));
    });
  }

  // The state bucket is out of reach.
  async init(folder) {
    const place = join(this.copy.infra, folder);
    if (existsSync(join(place, 'backend.tf'))) writeFileSync(join(place, 'backend_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
    return this.run(folder, ['init', '-no-color', '-input=false']);
  }

  close() {
    this.provider.stop();
    this.copy.remove();
  }
}

async function main(argv) {
  const own = argv.filter((word) => word === '--real' || word === '--unknown');
  const rest = argv.filter((word) => !own.includes(word));
  const place = rest[0]?.match(/^-chdir=(.+)$/)?.[1];
  if (argv.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const folder = place && relative(INFRA, resolve(place));
  if (!place || folder.startsWith('..') || rest.length < 2) {
    console.error(HELP);
    return 2;
  }
  const terraform = await Terraform.start({ is_real: own.includes('--real'), is_unknown: own.includes('--unknown') });
  try {
    console.error(`provider: ${terraform.provider.name}`);
    const init = await terraform.init(folder);
    if (init.status !== 0) {
      console.error(init.stdout + init.stderr);
      return init.status;
    }
    return (await terraform.run(folder, rest.slice(1), { is_shown: true })).status;
  } finally {
    terraform.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main(process.argv.slice(2));
