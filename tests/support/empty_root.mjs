// An empty root for a function from its zip: what provided.al2023 has and the function may rely on, and
// nothing else: the C library, a bundle of certificate authorities.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PYTHON, TOP } from './lambda.mjs';

export const ARCHES = {
  x86_64: { triple: 'x86_64-linux-gnu', loader: 'lib64/ld-linux-x86-64.so.2', node: 'x64', emulator: null },
  arm64: { triple: 'aarch64-linux-gnu', loader: 'lib/ld-linux-aarch64.so.1', node: 'arm64', emulator: '/usr/bin/qemu-aarch64-static' },
};
export const BUNDLE = 'etc/pki/tls/certs/ca-bundle.crt';
// What listZip prints of a function's zip: name, mode, year.
export const ALONE = "[('bootstrap', '0o100755', 1980)]";
export const WITH_AUTHORITIES = "[('bootstrap', '0o100755', 1980), ('rds-ca.pem', '0o100644', 1980)]";
// In a program with the Connector: the logins of services/db, the way to a server, and the Connector's
// refusal of any other login.
export const CONNECTOR_PLUGINS = ['caching_sha2_password', 'client_ed25519', 'dummy_fallback', 'mysql_native_password', 'pvio_socket'];
// As Lambda: not root.
const USER = '--userspec=65534:65534';

const libc = (triple) => [`lib/${triple}/libc.so.6`, `lib/${triple}/libm.so.6`];

export function listZip(zip) {
  const script = 'import sys, zipfile; print([(e.filename, oct(e.external_attr >> 16), e.date_time[0]) for e in zipfile.ZipFile(sys.argv[1]).infolist()])';
  return execFileSync(PYTHON, ['-c', script, zip], { encoding: 'utf8' }).trim();
}

// The Connector's plugins in a program that is not stripped.
export function pluginsIn(arch, program) {
  const symbols = execFileSync(`${ARCHES[arch].triple}-nm`, [program], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return [...symbols.matchAll(/ [DR] (\w+)_client_plugin$/gm)].map((match) => match[1]).sort();
}

export class EmptyRoot {
  // parent: a folder that the test removes; ca: PEM file for the bundle.
  constructor(parent, arch, zip, ca) {
    this.arch = ARCHES[arch];
    this.folder = mkdtempSync(join(parent, 'root-'));
    const sysroot = join(TOP, 'build/package', arch, 'sysroot');
    const { triple, loader } = this.arch;
    for (const path of [...libc(triple), loader]) {
      mkdirSync(join(this.folder, dirname(path)), { recursive: true });
      copyFileSync(join(sysroot, 'lib', triple, basename(path)), join(this.folder, path));
    }
    const task = join(this.folder, 'var/task');
    mkdirSync(task, { recursive: true });
    execFileSync(PYTHON, ['-m', 'zipfile', '-e', zip, task]);
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', this.folder]);
    execFileSync('chmod', ['755', join(task, 'bootstrap'), join(this.folder, loader)]);
    mkdirSync(join(this.folder, dirname(BUNDLE)), { recursive: true });
    if (ca) copyFileSync(ca, join(this.folder, BUNDLE));
    // The machine's own is enough; another architecture's programs need an interpreter in the root.
    this.emulated = this.arch.node !== process.arch;
    if (this.emulated) copyFileSync(this.arch.emulator, join(this.folder, 'emulator'));
  }

  // For LambdaFunction.
  get command() {
    return ['/usr/sbin/chroot', USER, this.folder, ...(this.emulated ? ['/emulator'] : []), '/var/task/bootstrap'];
  }

  get config() {
    return { command: this.command, task_root: '/var/task', cwd: this.folder };
  }

  remove(path) {
    rmSync(join(this.folder, path), { recursive: true });
  }

  // Every file in it, to see that the function left none behind.
  files() {
    return readdirSync(this.folder, { recursive: true }).sort();
  }

  breakFile(path) {
    writeFileSync(join(this.folder, path), 'not a certificate');
  }
}
