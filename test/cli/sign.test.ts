/** The built executable on more data than it may hold. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { startEmulator } from '../../src/emulator/start.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
const PIECE = Buffer.alloc(1024 * 1024, 'kms-asym');
const PIECES = 300;
/** Node itself takes some 50 MiB. */
const MOST_KIB = 130 * 1024;

it('sign and verify take data of any size from a pipe, in little memory', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kms-asym-sign-'));
  const emulator = await startEmulator({ hsm: 'software' });
  onTestFinished(async () => {
    await emulator.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const watch = join(dir, 'watch.cjs');
  writeFileSync(watch, `process.on('exit', () => console.error('KiB ' + process.resourceUsage().maxRSS));`);
  const env = { ...process.env, ...emulatorEnvironment(emulator, {}) };

  const run = (stdin: Iterable<Buffer>, ...args: string[]) =>
    new Promise<{ status: number | null; stdout: string; kib: number }>((resolve) => {
      const child = spawn(process.execPath, ['--require', watch, EXECUTABLE, ...args], { cwd: dir, env });
      const said = { stdout: '', stderr: '' };
      child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
      child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
      child.on('close', (status) => {
        const kib = Number(/KiB (\d+)/.exec(said.stderr)?.[1]);
        resolve({ status, stdout: said.stdout, kib });
      });
      Readable.from(stdin).pipe(child.stdin);
    });
  const data = () => Array.from({ length: PIECES }, () => PIECE);

  const key = await run([], 'create-key', '-q', '--key-spec', 'EC_P256', '--key-usage', 'SIGN/VERIFY');
  await run([], 'get-public-key', '-q', '--key-id', key.stdout.trim(), '-o', 'key.pem');
  const signed = await run(data(), 'sign', '--public-key', 'key.pem', '--json', '-o', 'data.sig');
  const hash = createHash('sha256');
  for (const piece of data()) hash.update(piece);
  expect(JSON.parse(signed.stdout)).toMatchObject({ Digest: hash.digest('base64') });
  expect(signed.kib).toBeLessThan(MOST_KIB);
  const verified = await run(data(), 'verify', '--public-key', 'key.pem', '--signature', 'data.sig');
  expect(verified.status).toBe(0);
  expect(verified.kib).toBeLessThan(MOST_KIB);
}, 60_000);
