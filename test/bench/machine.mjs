/** What figures were measured on and with. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';

/** Processor, system, and the versions of all programs that take part, each as text for people. */
export function thisMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: os.availableParallelism(),
    load: os.loadavg()[0].toFixed(2),
    system: `${distribution()}, ${os.type()} ${os.release()}`,
    node: process.version,
    openssl: versionOf('openssl', 'version').replace(/^OpenSSL (\S+).*/, '$1'),
    age: versionOf('age', '--version'),
    softhsm: versionOf('softhsm2-util', '--version'),
  };
}

const RELEASE = '/etc/os-release';

function distribution() {
  const text = existsSync(RELEASE) ? readFileSync(RELEASE, 'utf8') : '';
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? os.version();
}

function versionOf(program, flag) {
  const { stdout } = spawnSync(program, [flag], { encoding: 'utf8' });
  return stdout?.trim() || 'none';
}
