// The AWS provider's schema as the checks use it: data/aws-schema.json, and the arguments that are newer than it
// (newer-arguments.json, each with the version of the provider and its public source).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from './tree.mjs';

const read = (name) => JSON.parse(readFileSync(join(CHECKS, name), 'utf8'));

export function loadSchema() {
  const schema = read('data/aws-schema.json');
  for (const { type, block = [], argument, value_type, since } of read('newer-arguments.json').arguments) {
    if (!schema.resource[type]) continue;
    const target = block.reduce((at, name) => at.block_types[name].block, schema.resource[type]);
    if (target.attributes[argument]) throw new Error(`newer-arguments.json: ${type}.${argument} is in the schema of ${schema.provider.version} already`);
    if (!since) throw new Error(`newer-arguments.json: ${type}.${argument} has no version`);
    target.attributes[argument] = { type: value_type, optional: true };
  }
  return schema;
}
