// Failing system calls, by strace's injection: which calls a command makes, which faults are worth
// injecting, and the command line that injects one of them. A count is strace's: of one call in one thread.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// What each call may plausibly fail with; calls that are not named here fail with EPERM, as under a filter.
const ERRORS = {
  accept4: ['EMFILE'], bind: ['EADDRINUSE'], clone: ['EAGAIN'], clone3: ['EAGAIN'], close: ['EIO', 'EINTR'],
  connect: ['ECONNREFUSED', 'ETIMEDOUT', 'EADDRNOTAVAIL'], eventfd2: ['EMFILE'], fchmod: ['EPERM'], fcntl: ['EINVAL'],
  fdatasync: ['EIO'], fstat: ['EIO'], fsync: ['EIO', 'ENOSPC'], ftruncate: ['EIO'], getrandom: ['EINTR', 'ENOSYS'], getsockname: ['ENOBUFS'],
  getsockopt: ['ENOBUFS'], ioctl: ['ENOTTY'], lseek: ['EINVAL'], mkdir: ['ENOSPC', 'EACCES'], mmap: ['ENOMEM'], mprotect: ['ENOMEM'],
  mremap: ['ENOMEM'], newfstatat: ['EIO', 'ENOENT'], openat: ['EMFILE', 'ENFILE', 'EACCES', 'ENOENT'], pipe2: ['EMFILE'], poll: ['EINTR', 'ENOMEM'],
  ppoll: ['EINTR', 'ENOMEM'], pread64: ['EIO'], read: ['EINTR', 'EIO', 'EAGAIN', 'ECONNRESET'], readlink: ['EACCES'], recvfrom: ['EINTR', 'ECONNRESET', 'EAGAIN', 'ETIMEDOUT'],
  recvmsg: ['ECONNRESET'], rename: ['EIO', 'ENOSPC', 'EXDEV'], renameat2: ['EIO'], sendmmsg: ['ENOBUFS'], sendmsg: ['ENOBUFS'], sendto: ['EINTR', 'EPIPE', 'ECONNRESET', 'EAGAIN', 'ENOBUFS'],
  setsockopt: ['ENOBUFS'], socket: ['EMFILE', 'ENOBUFS', 'EACCES'], socketpair: ['EMFILE'], statx: ['EIO'], timerfd_create: ['EMFILE'], unlink: ['EIO'],
  write: ['EINTR', 'EIO', 'ENOSPC', 'EPIPE'], writev: ['ENOSPC', 'EPIPE'],
};
// Without these there is no process, and no end of one. brk has no errors: the kernel returns the old break,
// and the C library takes an error's number for a new one. A futex that fails is the C library's own affair.
const NOT_FAILED = new Set(['arch_prctl', 'brk', 'execve', 'exit', 'exit_group', 'futex', 'munmap', 'restart_syscall', 'rseq', 'rt_sigreturn', 'set_robust_list', 'set_tid_address']);
// The dynamic loader's own first memory, which it does not check.
const FIRST = { mmap: 2 };

const STRACE = ['strace', '-f', '-qqq', '--seccomp-bpf'];

// The calls of strace's output: {name: the most that one thread made}.
export function countsOf(output) {
  const threads = new Map();
  for (const [, thread, name] of output.matchAll(/^(\d+) +([a-z0-9_]+)\(/gm)) {
    const counts = threads.get(thread) ?? threads.set(thread, {}).get(thread);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  const most = {};
  for (const counts of threads.values()) {
    for (const [name, count] of Object.entries(counts)) most[name] = Math.max(most[name] ?? 0, count);
  }
  return most;
}

// Runs a command to its end and returns the calls it makes. Throws where processes cannot be traced.
export function callsOf([program, ...args], options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'calls-'));
  try {
    execFileSync(STRACE[0], [...STRACE.slice(1), '-o', join(folder, 'calls'), program, ...args], { stdio: 'pipe', ...options });
    return countsOf(readFileSync(join(folder, 'calls'), 'latin1'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Every fault: each call, each of its errors, each time it is called; once, and from there on.
export function faultsOf(counts) {
  const faults = [];
  for (const [call, count] of Object.entries(counts).sort()) {
    if (NOT_FAILED.has(call)) continue;
    for (const error of ERRORS[call] ?? ['EPERM']) {
      for (let nth = FIRST[call] ?? 1; nth <= count; nth += 1) {
        faults.push({ call, error, nth, stays: false });
        // No signal interrupts every call.
        if (error !== 'EINTR') faults.push({ call, error, nth, stays: true });
      }
    }
  }
  return faults;
}

export const nameOf = ({ call, error, nth, stays }) => `${call} ${nth}${stays ? ' and all after it' : ''}: ${error}`;

// The command under a fault. The tracer is no parent of the command (-D), which keeps its own process id.
export const failing = ({ call, error, nth, stays }, command) =>
  [...STRACE, '-D', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${nth}${stays ? '+' : ''}`, ...command];

// `count` of the faults, spread over all of them by a stride that no period of the list shares.
export function sampleOf(faults, count, from = 0) {
  if (count >= faults.length) return faults;
  const step = faults.length / count;
  return Array.from({ length: count }, (_, i) => faults[Math.floor((i + (from % 1)) * step)]);
}
