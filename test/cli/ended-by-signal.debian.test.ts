/**
 * Runs of the built executable that a signal ends, before, while and after they write: what was there stays, and nothing
 * else is left. After SIGKILL something may be, under a name that tells what it is, and the next run removes it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTemporary } from '../../src/io/temporary-name.js';
import { workspace } from '../io/workspace.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
const OLD = 'what was there before';
const PLAIN_BYTES = 1_000_000;
/** More than are done in the time that a signal takes on a busy machine. */
const FILES = 200;
const ENDINGS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const;

let given: string;
beforeAll(() => {
  given = mkdtempSync(join(tmpdir(), 'kms-asym-signal-'));
  writeFileSync(join(given, 'identity'), IDENTITY);
  writeFileSync(join(given, 'plain'), Buffer.alloc(PLAIN_BYTES, 'plaintext'));
  const argv = ['encrypt', '-r', RECIPIENT, join(given, 'plain'), '-o', join(given, 'sealed')];
  execFileSync(process.execPath, [EXECUTABLE, ...argv]);
});
afterAll(() => {
  rmSync(given, { recursive: true });
});

function start(argv: readonly string[]): ChildProcess {
  return spawn(process.execPath, [EXECUTABLE, ...argv], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
  return child.signalCode;
}

/** Until something is so that a test waits for. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const FILTERS = {
  encrypt: { input: 'plain', argv: () => ['encrypt', '--force', '-r', RECIPIENT] },
  decrypt: { input: 'sealed', argv: () => ['decrypt', '--force', '-i', join(given, 'identity')] },
} as const;

/** Share of the input that comes before the signal; the rest is never written, so that the run waits for it. */
const MOMENTS = [0, 0.01, 0.5, 1] as const;

describe.each(ENDINGS)('%s', (signal) => {
  const cases = (['encrypt', 'decrypt'] as const).flatMap((name) =>
    MOMENTS.map((share) => ({ name, share })),
  );

  it.each(cases)('ends $name after $share of its input, and leaves the old file', async ({ name, share }) => {
    const at = workspace();
    const { input, argv } = FILTERS[name];
    const bytes = readFileSync(join(given, input));
    writeFileSync(at('out'), OLD);
    const full = [...argv(), '-o', at('out')];
    const child = start(full);
    const temporary = (): string[] => readdirSync(at('')).filter(isTemporary);
    child.stdin?.write(bytes.subarray(0, bytes.length * share));
    if (share < 0.1) await new Promise((resolve) => setTimeout(resolve, 200));
    // Whatever is whole of it is written.
    else await until(() => temporary().some((file) => statSync(at(file)).size > 0.8 * share * PLAIN_BYTES));
    expect(await end(child, signal)).toBe(signal);
    expect(readFileSync(at('out'), 'utf8')).toBe(OLD);
    const left = readdirSync(at('')).filter((file) => file !== 'out');
    if (signal === 'SIGKILL') {
      expect(left).toEqual(temporary());
      if (share > 0.1) expect(left).toHaveLength(1);
    } else expect(left).toEqual([]);
    const next = start(full);
    next.stdin?.end(bytes);
    expect((await once(next, 'exit'))[0]).toBe(0);
    expect(readdirSync(at(''))).toEqual(['out']);
  });

  it('ends an emulator that waits for its seed', async () => {
    const at = workspace();
    execFileSync('mkfifo', [at('seed')]);
    const child = start(['emulator', '--seed', at('seed')]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await end(child, signal)).toBe(signal);
  });

  it('ends a batch, whose results are whole or absent, and the next run makes the rest', async () => {
    const at = workspace();
    mkdirSync(at('in'));
    for (let count = 0; count < FILES; count += 1) {
      writeFileSync(at(`in/${count}`), readFileSync(join(given, 'plain')));
    }
    const argv = ['encrypt', '-r', RECIPIENT, at('in'), '--output-dir', at('out'), '--skip-existing'];
    const names = (): string[] => {
      try {
        return readdirSync(at('out'));
      } catch {
        return [];
      }
    };
    const child = start(argv);
    await until(() => names().length > 3 || child.exitCode !== null);
    expect(await end(child, signal)).toBe(signal);
    const left = names().filter((name) => !name.endsWith('.age'));
    expect(signal === 'SIGKILL' ? left.filter((name) => !isTemporary(name)) : left).toEqual([]);
    const whole = names().filter((name) => name.endsWith('.age') && !isTemporary(name));
    for (const name of whole) expect(statSync(at(`out/${name}`)).size).toBeGreaterThan(PLAIN_BYTES);
    expect((await once(start(argv), 'exit'))[0]).toBe(0);
    expect(names()).toHaveLength(FILES);
    expect(names().filter(isTemporary)).toEqual([]);
  });
});
