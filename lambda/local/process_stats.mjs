// What /proc reports of a process: memory, descriptors, threads. Null once it is gone.
import { readdirSync, readFileSync } from 'node:fs';

const field = (status, name) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))?.[1] ?? 0);

// rss_kib now, peak_kib since exec, descriptors (files and sockets open), threads.
export function processStats(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      rss_kib: field(status, 'VmRSS'),
      peak_kib: field(status, 'VmHWM'),
      threads: field(status, 'Threads'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return null;
  }
}
