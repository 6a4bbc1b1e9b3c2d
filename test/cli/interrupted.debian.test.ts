/** A file whose rewrap was killed in the middle of its header: what each command does with it. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HeaderParser } from '../../src/age/header.js';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { formatChange, journalOf } from '../../src/io/journal-entries.js';
import { memoryStdio } from './memory-stdio.js';

let dir: string;
let emulator: Emulator;
const at = (name: string): string => join(dir, name);

async function run(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const stdio = memoryStdio();
  const env = emulatorEnvironment(emulator, {});
  const status = await main(argv, { stdio, env, interceptSignals: () => () => undefined });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-interrupted-'));
  emulator = await startEmulator({ hsm: 'software' });
  for (const name of ['old', 'new']) {
    const { stdout } = await run('create-key', '-q');
    await run('get-public-key', '--key-id', stdout.trim(), '-o', at(`${name}.pem`));
  }
  writeFileSync(at('plain'), 'this is plaintext');
});
afterAll(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

it('it opens from the journal, which nobody but rewrap removes, and rewrap finishes it', async () => {
  const file = at('file.age');
  await run('encrypt', '--public-key', at('old.pem'), '--format', 'age', at('plain'), '-o', file);
  const old = readFileSync(file);
  await run('rewrap', '--to', at('new.pem'), file);
  const rewrapped = readFileSync(file);
  const length = new HeaderParser().push(old)?.length ?? 0;
  const change = formatChange({
    size: old.length,
    before: old.subarray(0, length),
    after: rewrapped.subarray(0, length),
  });
  // As a process leaves it that ended after half of the new header.
  writeFileSync(file, old);
  const fd = openSync(file, 'r+');
  writeSync(fd, rewrapped, 0, length >> 1, 0);
  closeSync(fd);
  const torn = readFileSync(file);
  const ended = spawnSync('true').pid;
  writeFileSync(
    journalOf(file),
    `0123456789abcdef holds 0123456789abcdef:${ended}:1\n0123456789abcdef change ${change}\n0123456789abcdef released\n`,
    { mode: 0o600 },
  );
  const opened = await run('decrypt', file);
  expect(opened).toMatchObject({ status: 0, stdout: 'this is plaintext' });
  expect(opened.stderr).toContain('was interrupted: its header is read from the journal');
  expect((await run('inspect', file)).status).toBe(0);
  // Other programs cannot open it yet.
  expect((await run('rewrap', '--check', '--to', at('new.pem'), file)).status).toBe(3);
  expect(readFileSync(file).equals(torn)).toBe(true);
  expect(existsSync(journalOf(file))).toBe(true);
  expect(await run('rewrap', '--to', at('new.pem'), file)).toMatchObject({ status: 0, stderr: '' });
  expect(existsSync(journalOf(file))).toBe(false);
  expect(statSync(file).size).toBe(old.length);
  expect(await run('decrypt', file)).toEqual({ status: 0, stdout: 'this is plaintext', stderr: '' });
});
