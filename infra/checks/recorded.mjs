// Recorded calls (lambda/local/calls.mjs) as files: those of a run, and calls.jsonl, which holds the calls of all
// functions in a form that is the same in every run. `make infra-calls` writes it, a test holds it current.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const RECORDED = join(dirname(fileURLToPath(import.meta.url)), 'calls.jsonl');

const parse = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

// The calls of a file, or of all files of a folder; none if there is no such.
export function readCalls(path) {
  if (!existsSync(path)) return [];
  const files = path.endsWith('.jsonl') ? [path] : readdirSync(path).filter((name) => name.endsWith('.jsonl')).map((name) => join(path, name));
  return files.flatMap((file) => parse(readFileSync(file, 'utf8')));
}

// No policy depends on the last segment of a key, on ids and days in it, on a version's id, or on a recipient.
const IDS = /\b(d-[0-9A-F]{9}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g;
const folder = (text) => text.replace(/[^/]*$/, 'NAME').replace(IDS, 'ID').replace(/\b\d{4}-\d\d-\d\d\b/g, 'DAY');

export function normalise({ context, resource, ...rest }) {
  const same = Object.entries(context).filter(([key]) => !['ses:Recipients', 's3:VersionId'].includes(key)).map(([key, value]) => [key, key === 's3:prefix' ? folder(value) : value]);
  const fixed = resource.startsWith('arn:aws:s3:::') && resource.includes('/') ? folder(resource) : resource.replace(/(:secret:.*-)[A-Za-z0-9]{6}$/, '$1AbCdEf');
  return { ...rest, resource: fixed, context: Object.fromEntries(same) };
}

// Sorted lines, each once.
export const toLines = (calls) => [...new Set(calls.map((call) => JSON.stringify(normalise(call))))].sort();
