/** How long a whole run takes, over a Node that does nothing; beside openssl doing the same encryption. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KMS_ASYM, startEmulator } from './emulator-process.mjs';
import { medianTimes, rowOf, takeBatches } from './measure.mjs';

const YARDSTICK = 'node empty.cjs';
const LIMITS = { 'kms-asym encrypt --public-key': 1.4, 'kms-asym decrypt': 3 };
const OAEP = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'];

/** Runs the suite in a folder of its own, with an emulator in a process of its own. */
export async function startUp({ runs }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'kms-asym-bench-'));
  const emulator = await startEmulator('software');
  try {
    const { env } = emulator;
    const kms = (...args) =>
      execFileSync(process.execPath, [KMS_ASYM, ...args], { cwd: folder, env, encoding: 'utf8' });
    writeFileSync(path.join(folder, 'empty.cjs'), '');
    writeFileSync(path.join(folder, 'plaintext'), 'a data encryption key of 32 bytes');
    kms('get-public-key', '--key-id', kms('create-key', '-q').trim(), '-o', 'key.pem');
    kms('encrypt', '--public-key', 'key.pem', 'plaintext', '-o', 'ciphertext');
    const all = programs(env);
    const batches = await takeBatches(() => medianTimes(all, runs, folder));
    return all.map(({ name }) => rowOf(batches, name, { over: YARDSTICK, limit: LIMITS[name] }));
  } finally {
    emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function programs(env) {
  const node = process.execPath;
  const options = OAEP.flatMap((option) => ['-pkeyopt', option]);
  const openssl = [
    'openssl',
    'pkeyutl',
    '-encrypt',
    '-pubin',
    '-inkey',
    'key.pem',
    '-in',
    'plaintext',
    ...options,
  ];
  return [
    { name: YARDSTICK, command: [node, 'empty.cjs'] },
    { name: 'kms-asym --version', command: [node, KMS_ASYM, '--version'] },
    {
      name: 'kms-asym encrypt --public-key',
      command: [node, KMS_ASYM, 'encrypt', '--public-key', 'key.pem', 'plaintext'],
    },
    {
      name: 'kms-asym decrypt',
      command: [node, KMS_ASYM, 'decrypt', '--public-key', 'key.pem', 'ciphertext'],
      env,
    },
    { name: 'openssl pkeyutl -encrypt', command: openssl },
  ];
}
