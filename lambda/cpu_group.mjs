// The CPU that Lambda gives for a memory size, as a quota of the kernel (cgroup), for measuring. Needs
// root.
import { accessSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

const MB_PER_CPU = 1769;
const PERIOD_US = 20000;

// A group with the CPU that Lambda gives for this memory; null where the kernel or the user's rights
// do not allow it.
export function cpuGroup(memory_mb) {
  const quota_us = Math.min(PERIOD_US, Math.round((PERIOD_US * memory_mb) / MB_PER_CPU));
  const name = `lambda-cpu-${process.pid}-${memory_mb}`;
  for (const [folder, files, members] of [
    // The weight is for a machine that has other work too; the quota is what counts.
    ['/sys/fs/cgroup/cpu', { 'cpu.shares': 100000, 'cpu.cfs_period_us': PERIOD_US, 'cpu.cfs_quota_us': quota_us }, 'tasks'],
    ['/sys/fs/cgroup', { 'cpu.weight': 10000, 'cpu.max': `${quota_us} ${PERIOD_US}` }, 'cgroup.procs'],
  ]) {
    const path = `${folder}/${name}`;
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    try {
      // In a folder that is no control group these would be ordinary files.
      Object.keys(files).forEach((file) => accessSync(`${path}/${file}`));
      for (const [file, value] of Object.entries(files)) writeFileSync(`${path}/${file}`, String(value));
      return { tasks: `${path}/${members}`, remove: () => rmdirSync(path) };
    } catch {
      rmdirSync(path);
    }
  }
  return null;
}

// The command line that runs a program in the group.
export const inGroup = (group, program) => ['/usr/bin/chrt', '-o', '0', '/bin/sh', '-c', `echo $$ >${group.tasks} && exec "$0"`, program];
