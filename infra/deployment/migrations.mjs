// Whether migrations expand: a new version's run before it gets traffic, so that the version before works with the
// new tables, and after a rollback too. What takes something away, or demands what the version before does not
// write, waits for a later release, and states in a comment right before the statement since when nothing uses it:
//
//   -- contracts: no version since 1.4 reads the column
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const STATED = /--[ \t]*contracts:[ \t]*\S/i;

const CONTRACTIONS = [
  [/^DROP\s+(TABLE|VIEW|COLUMN)\b/i, 'drops what the version before may use'],
  [/^(RENAME|TRUNCATE)\b/i, 'renames or empties a table'],
  [/^DELETE\b/i, 'deletes rows'],
  [/^ALTER\s+TABLE\b[\s\S]*\bDROP\b/i, 'drops a part of a table'],
  [/^ALTER\s+TABLE\b[\s\S]*\b(RENAME|CHANGE|MODIFY)\b/i, 'changes a column that the version before uses'],
  [/^ALTER\s+TABLE\b[\s\S]*\bADD\s+(CONSTRAINT|UNIQUE|CHECK|FOREIGN|PRIMARY)\b/i, 'demands what the version before may not write'],
  [/^CREATE\s+UNIQUE\b/i, 'demands what the version before may not write'],
];

// The migrations of all services.
export function migrationFiles(top) {
  return readdirSync(join(top, 'services'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => {
    const folder = join(top, 'services', name, 'sql/migrations');
    try {
      return readdirSync(folder).filter((file) => file.endsWith('.sql')).sort().map((file) => join(folder, file));
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  });
}

// [{comments, sql}] of a file: statements without comments and texts.
function statements(text) {
  const list = [];
  let comments = '';
  let sql = '';
  const tokens = /--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|;|[\s\S]/g;
  for (const [token] of text.matchAll(tokens)) {
    if (token === ';') {
      list.push({ comments, sql: sql.trim() });
      comments = '';
      sql = '';
    } else if (/^(--|#|\/\*)/.test(token)) {
      comments += `${token}\n`;
      sql += ' ';
    } else sql += /^['"]./.test(token) ? '\'\'' : token;
  }
  return [...list, { comments, sql: sql.trim() }].filter((one) => one.sql !== '');
}

// A column that is added without a default, of which the version before writes no value.
function demandsColumn(sql) {
  if (!/^ALTER\s+TABLE\b/i.test(sql)) return false;
  return sql.split(/,(?![^(]*\))/).some((part) => /\bADD\b/i.test(part) && /\bNOT\s+NULL\b/i.test(part) && !/\bDEFAULT\b/i.test(part));
}

// Sentences about the statements that do more than expand.
export function contractions(text) {
  return statements(text).filter(({ comments }) => !STATED.test(comments)).flatMap(({ sql }) => {
    const found = CONTRACTIONS.find(([pattern]) => pattern.test(sql))?.[1] ?? (demandsColumn(sql) ? 'adds a column that the version before does not fill' : null);
    return found ? [`${found}: ${sql.slice(0, 80)}`] : [];
  });
}
