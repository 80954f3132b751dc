// What functions write into their logs, without the values: with $RECORD_LINES set, each new shape of a line
// is appended to that file, one JSON object a line. Saved queries and alarms are held against it
// (infra/checks/observability.mjs).
//
//   {function, message, fields}               of a line of the log
//   {function, namespace, metric, dimensions} of a metric; dimensions but FunctionName, with their values
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';

const written = new Set();

// The shapes in a line of the log of the program `program`.
export function shapesOf(program, line) {
  if (!line.startsWith('{')) return [];
  let object;
  try {
    object = JSON.parse(line);
  } catch {
    return [];
  }
  if (object._aws === undefined) return [{ function: program, message: object.message, fields: Object.keys(object).sort() }];
  return object._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) => Dimensions.flatMap((names) => Metrics.map(({ Name }) => {
    const dimensions = Object.fromEntries(names.filter((name) => name !== 'FunctionName').map((name) => [name, object[name]]));
    return { function: program, namespace: Namespace, metric: Name, dimensions };
  })));
}

export function recordLine(command, line) {
  const file = process.env.RECORD_LINES;
  if (!file) return;
  for (const shape of shapesOf(basename(command[0]), line)) {
    const text = JSON.stringify(shape);
    if (!written.has(text)) appendFileSync(file, `${text}\n`);
    written.add(text);
  }
}
