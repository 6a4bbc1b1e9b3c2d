/** Encrypted secrets, an emulator that opens them, and the built executable in folders that nobody else writes to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { emulatorEnvironment } from '../../../src/cli/emulator-environment.js';
import { startEmulator } from '../../../src/emulator/start.js';

export const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'kms-asym.cjs');

/** Nothing else on this machine says these words. */
const random = () => Math.random().toString(36).slice(2, 12);
export const SECRETS = {
  DOTENV: `DoTeNv-${random()}`,
  RAW: `rAw-${random()}`,
  BASE64: `bAsE64-${random()}`,
  ARMOR: `aRmOr-${random()}`,
} as const;

/** Every input that `exec` takes: dotenv text in an age file, values as raw ciphertext, base64 and armor. */
export const SOURCES = [
  ...[
    '--dotenv-file',
    'dotenv.age',
    '--env',
    'RAW=raw.enc',
    '--env',
    'BASE64=base64.enc',
    '--env',
    'ARMOR=armor.age',
  ],
  ...['--public-key', 'key.pem'],
];

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Bench {
  /** Holds `work`, `home` and `tmp`. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly start: (command: readonly string[], env?: NodeJS.ProcessEnv) => ChildProcess;
  readonly run: (command: readonly string[], env?: NodeJS.ProcessEnv, stdin?: string) => Promise<Ended>;
}

/** The end of a process, and what it wrote to pipes. */
export function ended(child: ChildProcess): Promise<Ended> {
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (status, signal) =>
      resolve({ status, signal, stdout: Buffer.concat(stdout), stderr }),
    );
  });
}

/** One bench for all tests of a file; its members are there when the tests run. */
export function useBench(): Bench {
  const bench = {} as { -readonly [Member in keyof Bench]: Bench[Member] };
  let close = (): Promise<void> => Promise.resolve();
  beforeAll(async () => {
    bench.folder = mkdtempSync(join(tmpdir(), 'kms-asym-exec-'));
    const [work, home, tmp] = ['work', 'home', 'tmp'].map((name) => join(bench.folder, name));
    for (const each of [work, home, tmp]) mkdirSync(each ?? '');
    const emulator = await startEmulator({ hsm: 'software', seed: { keys: [KEY] } });
    close = () => emulator.close();
    bench.env = emulatorEnvironment(emulator, {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: tmp,
      LC_ALL: 'C',
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
    });
    bench.start = ([file = '', ...args], more = {}) =>
      spawn(file, args, { cwd: work, env: { ...bench.env, ...more } });
    bench.run = (command, more, stdin = '') => {
      const child = bench.start(command, more);
      child.stdin?.end(stdin);
      return ended(child);
    };
    await encryptAll(bench);
  });
  afterAll(async () => {
    await close();
    rmSync(bench.folder, { recursive: true });
  });
  return bench;
}

const KEY = { KeyId: 'key-a', KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT', ProtectionLevel: 'SOFTWARE' };

async function encryptAll({ run }: Bench): Promise<void> {
  const own = async (args: string[], stdin = '') => {
    const { status, stderr } = await run([process.execPath, EXECUTABLE, ...args], {}, stdin);
    if (status !== 0) throw new Error(stderr);
  };
  await own(['get-public-key', '--key-id', 'key-a', '-o', 'key.pem']);
  const encrypt = (format: string, file: string, text: string, ...more: string[]) =>
    own(['encrypt', '--public-key', 'key.pem', '--format', format, '-o', file, ...more], text);
  await encrypt('age', 'dotenv.age', `DOTENV="${SECRETS.DOTENV}"\n`);
  await encrypt('oaep', 'raw.enc', SECRETS.RAW);
  await encrypt('oaep', 'base64.enc', SECRETS.BASE64, '-a');
  await encrypt('age', 'armor.age', SECRETS.ARMOR, '-a');
}
