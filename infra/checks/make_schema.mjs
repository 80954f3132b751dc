// Writes data/aws-schema.json: of the AWS provider's schema, the types that infra/ uses. Its source is
// npm's @cdktf/provider-aws, generated from the provider's own schema; the package is fetched with npm
// into build/infra and its content is pinned by its digest. `make infra-schema` runs it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bindings, sourceOf } from './bindings.mjs';
import { INFRA, ROOT, terraformFiles } from './tree.mjs';

const PACKAGE = '@cdktf/provider-aws';
// The last one: CDK for Terraform was archived in December 2025.
const VERSION = '21.22.1';
const INTEGRITY = 'sha512-BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ==';
const PROVIDER = { source: 'hashicorp/aws', version: '6.25.0' };

function fetchPackage(folder) {
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, `cdktf-provider-aws-${VERSION}.tgz`);
  if (!existsSync(archive)) execFileSync('npm', ['pack', '--silent', `${PACKAGE}@${VERSION}`], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== INTEGRITY) {
    rmSync(archive);
    throw new Error(`${PACKAGE} ${VERSION} is not the one that was read before: ${found}`);
  }
  return archive;
}

// aws_lambda_function is in lib/lambda-function, a data source in lib/data-aws-NAME. A few folders have
// another name than their type, because of words that JavaScript reserves.
const folderOf = (kind, type) => {
  const name = type.replace(/^aws_/, '').replaceAll('_', '-');
  return kind === 'data' ? `data-aws-${name}` : name;
};

function usedTypes() {
  const used = { resource: new Set(), data: new Set() };
  for (const file of terraformFiles()) {
    for (const [, kind, type] of readFileSync(file, 'utf8').matchAll(/^(resource|data) "(aws_\w+)"/gm)) used[kind].add(type);
  }
  for (const name of ['caller_identity', 'region', 'partition', 'iam_policy_document']) used.data.add(`aws_${name}`);
  // More types, for work that is not in the tree yet: make_schema.mjs aws_TYPE...
  for (const type of process.argv.slice(2)) used.resource.add(type);
  return used;
}

function main() {
  const folder = join(ROOT, 'build/infra');
  const archive = fetchPackage(folder);
  const used = usedTypes();
  const paths = ['provider', ...Object.entries(used).flatMap(([kind, types]) => [...types].map((type) => folderOf(kind, type)))].map((path) => `package/lib/${path}/index.js`);
  execFileSync('tar', ['xzf', archive, '-C', folder, ...paths]);
  const read = (path) => sourceOf(readFileSync(join(folder, `package/lib/${path}/index.js`), 'utf8'));
  const schemas = (kind) => Object.fromEntries([...used[kind]].sort().map((type) => [type, new Bindings(read(folderOf(kind, type))).schema()]));
  const provider = new Bindings(read('provider')).schema();
  // One attribute for each of three hundred services.
  delete provider.block_types.endpoints;
  const whole = { provider: PROVIDER, from: `${PACKAGE} ${VERSION} of npm`, configuration: provider, resource: schemas('resource'), data: schemas('data') };
  // A line for each type, so that a change shows which one.
  const lines = ['resource', 'data'].map((kind) => `"${kind}":{\n${Object.entries(whole[kind]).map(([type, schema]) => `${JSON.stringify(type)}:${JSON.stringify(schema)}`).join(',\n')}\n}`);
  const head = ['provider', 'from', 'configuration'].map((key) => `"${key}":${JSON.stringify(whole[key])}`);
  const target = join(INFRA, 'checks/data/aws-schema.json');
  writeFileSync(target, `{\n${[...head, ...lines].join(',\n')}\n}\n`);
  console.log(`${used.resource.size} resources and ${used.data.size} data sources of ${PROVIDER.source} ${PROVIDER.version}`);
}

main();
