/** The question of `schedule-key-deletion` on a real terminal, answered by somebody who types. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
const LINE = `exec '${process.execPath}' '${EXECUTABLE}' schedule-key-deletion --key-id key-old --pending-window-in-days 30`;

let emulator: Emulator;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kms-asym-deletion-'));
  const key = {
    KeyId: 'key-old',
    KeySpec: 'RSA_2048',
    KeyUsage: 'ENCRYPT/DECRYPT',
    ProtectionLevel: 'SOFTWARE',
  };
  emulator = await startEmulator({ hsm: 'software', seed: { keys: [key] } });
});
afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});

/** Types the answer when the question stands there; what the terminal showed, and the exit status. */
async function answer(line: string, typed: string): Promise<{ shown: string; status: number | null }> {
  const env = emulatorEnvironment(emulator, {
    PATH: process.env['PATH'],
    HOME: folder,
    SHELL: '/bin/sh',
    NO_COLOR: '1',
  });
  const child = spawn('script', ['-qec', line, '/dev/null'], { env });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const hadQuestion = shown.includes('Type yes:');
    shown += chunk.toString();
    if (!hadQuestion && shown.includes('Type yes:')) child.stdin.write(typed);
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { shown, status };
}

it.each([
  ['no\n', 2],
  ['\n', 2],
  ['YES\n', 2],
  // Ctrl-D, then Ctrl-C.
  ['\x04', 2],
  ['\x03', 130],
])('%j is not a yes', async (typed, expected) => {
  const { shown, status } = await answer(LINE, typed);
  expect(shown).toContain(
    'warning: in 30 days nobody can decrypt any more what was encrypted to key "key-old"',
  );
  expect(status, shown).toBe(expected);
  expect(shown).not.toContain('will be deleted');
});

it('yes is one, also when the result goes to a file', async () => {
  const { shown, status } = await answer(`${LINE} --json > '${folder}/result'`, 'yes\n');
  expect(status, shown).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, 'result'), 'utf8'))).toMatchObject({
    KeyState: 'PendingDeletion',
  });
  const again = await answer(LINE, 'yes\n');
  expect(again.shown).toContain('Rejected.StateModifiedFailed');
  expect(again.status).toBe(4);
});
