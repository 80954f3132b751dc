// Where things are: the tree's root, infra/, and its Terraform files. INFRA_ROOT names another tree, as the
// tests of planted faults do.
import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHECKS = dirname(fileURLToPath(import.meta.url));
export const ROOT = resolve(CHECKS, '../..');
export const INFRA = resolve(process.env.INFRA_ROOT ?? join(ROOT, 'infra'));

const ENDS = ['.tf', '.tftest.hcl', '.tfvars', '.tfvars.example'];

// Files below a folder whose names end so, sorted; folders of Terraform's own are left out.
export function filesBelow(folder, ends = ENDS) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === '.terraform' ? [] : filesBelow(path, ends);
    return ends.some((end) => entry.name.endsWith(end)) ? [path] : [];
  }).sort();
}

export const terraformFiles = (infra = INFRA) => filesBelow(infra, ['.tf']);
export const shown = (path) => {
  const inside = relative(resolve(INFRA, '..'), path);
  return inside.startsWith('..') ? path : inside;
};
