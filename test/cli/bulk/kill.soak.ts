/**
 * SIGKILL at random moments of `encrypt` and `decrypt` of 64 MiB. After each, the target is whole or absent, what is left
 * has a name that is recognised, and the next run on the target removes it. `KMS_SOAK_KILLS` changes their number.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, closeSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isTemporary } from '../../../src/io/temporary-name.js';

const KILLS = Number(process.env['KMS_SOAK_KILLS'] ?? 200);
const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'kms-asym.cjs');
const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
const ENCRYPT = ['encrypt', '-r', RECIPIENT, '-o', 'out'];
const DECRYPT = ['decrypt', '-i', 'identity', '-o', 'out'];
/** By two threads, and by one. */
const RUNS: readonly { args: string[]; stdin?: string }[] = [
  { args: [...ENCRYPT, 'plain'] },
  { args: [...DECRYPT, 'sealed'] },
  { args: ENCRYPT, stdin: 'plain' },
  { args: DECRYPT, stdin: 'sealed' },
];

let dir: string;
const at = (name: string): string => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-soak-'));
  writeFileSync(at('identity'), IDENTITY);
  execFileSync('bash', ['-c', 'head -c 67108864 /dev/urandom > plain'], { cwd: dir });
  const sealed = [EXECUTABLE, 'encrypt', '-r', RECIPIENT, 'plain', '-o', 'sealed'];
  execFileSync(process.execPath, sealed, { cwd: dir });
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Starts a run and kills it after so many milliseconds, unless it ended before; tells how it ended. */
function killAfter(delayMs: number, { args, stdin }: (typeof RUNS)[number]): Promise<NodeJS.Signals | null> {
  const fd = openSync(stdin === undefined ? '/dev/null' : at(stdin), 'r');
  const stdio = [fd, 'ignore', 'ignore'] as const;
  const child = spawn(process.execPath, [EXECUTABLE, ...args], { cwd: dir, stdio: [...stdio] });
  closeSync(fd);
  const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  return new Promise((resolve) => {
    child.once('exit', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal);
    });
  });
}

/** What `out` should hold when it is there: itself, or what it opens to. */
async function expectWhole(args: readonly string[]): Promise<void> {
  const open = `'${process.execPath}' '${EXECUTABLE}' decrypt -i identity out`;
  const line = args[0] === 'encrypt' ? `${open} | cmp - plain` : 'cmp out plain';
  await promisify(execFile)('bash', ['-o', 'pipefail', '-c', line], { cwd: dir });
}

it(`no target is in part after each of ${KILLS} kills`, { timeout: 3_600_000 }, async () => {
  const seen = { killed: 0, leftovers: 0, whole: 0 };
  const given = readdirSync(dir);
  let longestMs = 500;
  for (let round = 0; seen.killed < KILLS; round += 1) {
    const run = RUNS[round % RUNS.length] ?? { args: [] };
    const startMs = performance.now();
    const signal = await killAfter(randomInt(20, Math.round(longestMs)), run);
    if (signal === null) longestMs = Math.min(longestMs, performance.now() - startMs);
    else seen.killed += 1;
    const others = readdirSync(dir).filter((name) => ![...given, 'out'].includes(name));
    expect(others.filter((name) => !isTemporary(name))).toEqual([]);
    seen.leftovers += others.length;
    const isThere = existsSync(at('out'));
    if (isThere) {
      seen.whole += 1;
      await expectWhole(run.args);
    }
    const next = await killAfter(600_000, run);
    expect(next).toBeNull();
    expect(readdirSync(dir).sort()).toEqual([...given, 'out'].sort());
    if (!isThere && seen.killed % 10 === 0) await expectWhole(run.args);
    rmSync(at('out'));
  }
  process.stderr.write(`${JSON.stringify(seen)}\n`);
  expect(seen.leftovers).toBeGreaterThan(KILLS / 20);
});
