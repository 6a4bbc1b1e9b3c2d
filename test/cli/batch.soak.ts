/** 2,000 files there and back, through a service that throttles, fails and hangs up, by runs that are killed. */
import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';

const FILES = 2000;
const KILLS = 12;
const FAULTS = { throttle: 0.03, error500: 0.03, error503: 0.03, drop: 0.04, seed: 9 };
const EXECUTABLE = path.join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');

let folder: string;
let emulator: Emulator;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'kms-asym-batch-'));
  emulator = await startEmulator({ hsm: 'software', faults: FAULTS });
  env = emulatorEnvironment(emulator, { PATH: process.env['PATH'], HOME: folder });
});
afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

it('2,000 files come back as they were, none is wrong, missing or extra', { timeout: 900_000 }, async () => {
  await kms('create-key', '--alias', 'alias/soak');
  await kms('get-public-key', '--key-id', 'alias/soak', '-o', 'key.pem');
  const plain = makeFiles();
  const encrypt = ['encrypt', '--public-key', 'key.pem', 'plain', '--output-dir', 'encrypted', '--verify'];
  const decrypt = ['decrypt', 'encrypted', '--output-dir', 'decrypted'];
  await finish([...encrypt, '--skip-existing', '--qps', '0']);
  expect([...contents('encrypted').keys()]).toEqual([...plain.keys()].map((name) => `${name}.age`));
  await finish([...decrypt, '--skip-existing', '--qps', '0']);
  const decrypted = contents('decrypted');
  expect([...decrypted.keys()]).toEqual([...plain.keys()]);
  for (const [name, bytes] of plain) expect(decrypted.get(name)?.equals(bytes), name).toBe(true);
});

/** The same command again and again: killed at random moments at first, then for as long as it says that something failed. */
async function finish(args: readonly string[]): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) await killAtRandom(args);
  for (let run = 0; run < 20; run += 1) {
    const { status, stderr } = await runToEnd([...args, '--continue', '-q']);
    if (status === 0) return;
    expect(status, stderr).toBe(8);
  }
  throw new Error('it never finished');
}

async function killAtRandom(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [EXECUTABLE, ...args], { cwd: folder, env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([delay(150 + randomInt(2500)), ended]);
  child.kill('SIGKILL');
  await ended;
}

async function runToEnd(args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, [EXECUTABLE, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stderr };
}

async function kms(...args: readonly string[]): Promise<void> {
  const { status, stderr } = await runToEnd(args);
  expect(status, stderr).toBe(0);
}

/** Of sizes around the chunks of age files, in directories that share names. */
function makeFiles(): Map<string, Buffer> {
  const sizes = [0, 1, 100, 65_535, 65_536, 65_537, 200_000];
  for (let index = 0; index < FILES; index += 1) {
    const directory = path.join(folder, 'plain', `${index % 20}`);
    mkdirSync(directory, { recursive: true });
    const size = index % 10 === 0 ? (sizes[(index / 10) % sizes.length] ?? 0) : randomInt(300);
    writeFileSync(path.join(directory, `${Math.floor(index / 20)}`), randomBytes(size));
  }
  return contents('plain');
}

/** Every file below a directory, hidden ones and what was left behind too. */
function contents(directory: string): Map<string, Buffer> {
  const root = path.join(folder, directory);
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  return new Map(names.toSorted().map((name) => [name, readFileSync(path.join(root, name))]));
}
