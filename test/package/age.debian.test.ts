/** What a global install puts on PATH is all that age needs to use KMS keys. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { type Installation, packAndInstall } from './install.js';

/** By its path, since PATH leads to nothing but this package and node. */
const AGE = execFileSync('sh', ['-c', 'command -v age'], { encoding: 'utf8' }).trim();

let installation: Installation;
let emulator: Emulator;
let dir: string;
beforeAll(async () => {
  installation = packAndInstall();
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-age-'));
  emulator = await startEmulator({ hsm: inject('hsm') });
});
afterAll(async () => {
  await emulator.close();
  installation.remove();
  rmSync(dir, { recursive: true, force: true });
});

it('age encrypts offline and decrypts through what npm install --global puts on PATH', async () => {
  const path = [installation.globalBin, dirname(process.execPath)].join(delimiter);
  const offline = { PATH: path, HOME: dir };
  const online = emulatorEnvironment(emulator, offline);
  const run = async (env: NodeJS.ProcessEnv, file: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(file, args, { cwd: dir, env, encoding: 'utf8' })).stdout;
  const kms = (...args: string[]) => run(online, join(installation.globalBin, 'kms-asym'), ...args);

  const keyId = (await kms('create-key', '-q')).trim();
  writeFileSync(join(dir, 'recipients.txt'), await kms('recipient', '--key-id', keyId));
  writeFileSync(join(dir, 'identity.txt'), await kms('identity', '--key-id', keyId));
  writeFileSync(join(dir, 'secret.txt'), 'a secret\n');

  await run(offline, AGE, '-R', 'recipients.txt', '-o', 'secret.age', 'secret.txt');
  expect(readFileSync(join(dir, 'secret.age'), 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> alikms /);
  expect(await run(online, AGE, '-d', '-i', 'identity.txt', 'secret.age')).toBe('a secret\n');
  expect(await run(online, AGE, '-d', '-j', 'alikms', 'secret.age')).toBe('a secret\n');
  await expect(
    run({ ...online, PATH: dirname(process.execPath) }, AGE, '-d', '-j', 'alikms', 'secret.age'),
  ).rejects.toThrow('age-plugin-alikms');
});
