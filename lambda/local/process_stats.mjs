// What /proc reports of a process: memory, descriptors, threads. Null once it is gone.
import { readdirSync, readFileSync } from 'node:fs';

// Of a tick of /proc/PID/stat, on every Linux.
const TICK_MS = 10;

const field = (status, name) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))?.[1] ?? 0);

// rss_kib now, peak_kib since exec, descriptors (files and sockets open), threads, cpu_ms
// (user and system time since the start).
export function processStats(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    // The name, in parentheses, may hold blanks; the state, field 3, follows it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [utime, stime] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
    return {
      cpu_ms: TICK_MS * (utime + stime),
      rss_kib: field(status, 'VmRSS'),
      peak_kib: field(status, 'VmHWM'),
      threads: field(status, 'Threads'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return null;
  }
}
