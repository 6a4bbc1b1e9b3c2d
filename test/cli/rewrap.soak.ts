/**
 * SIGKILL at random moments of `rewrap` over a directory. After each, every file is one that some run made whole: its
 * header opens, its payload is what it was. The next run goes on from there. `KMS_SOAK_KILLS` and `KMS_SOAK_BYTES` change
 * the numbers.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  constants,
  createHash,
  generateKeyPairSync,
  privateDecrypt,
  randomInt,
  type KeyObject,
} from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ByteReader } from '../../src/age/byte-stream.js';
import { openHeader } from '../../src/age/open-header.js';
import { readHeader } from '../../src/age/header.js';
import { KmsIdentity } from '../../src/age/kms-identity.js';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { openRegularInput } from '../../src/io/input.js';

const KILLS = Number(process.env['KMS_SOAK_KILLS'] ?? 200);
const BIG_BYTES = Number(process.env['KMS_SOAK_BYTES'] ?? 2 * 1024 ** 3);
const SMALL_FILES = 100;
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
/** Two of one size, between which headers change in place, and one of another, for which files are copied. */
const KEYS = { 'key-soak-a': 2048, 'key-soak-b': 2048, 'key-soak-c': 3072 } as const;
type Key = keyof typeof KEYS;

let dir: string;
let emulator: Emulator;
const privateKeys = new Map<string, KeyObject>();
const at = (name: string): string => join(dir, name);
const env = (): NodeJS.ProcessEnv => emulatorEnvironment(emulator, { PATH: process.env['PATH'] });
/** Not synchronous: the emulator answers from this process. */
const run = async (...args: string[]): Promise<void> => {
  await promisify(execFile)(process.execPath, [EXECUTABLE, ...args], { cwd: dir, env: env() });
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-soak-'));
  const keys = Object.entries(KEYS).map(([KeyId, bits]) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    privateKeys.set(KeyId, privateKey);
    const PrivateKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const Versions = [{ KeyVersionId: 'v1', PrivateKey }];
    return {
      KeyId,
      KeySpec: `RSA_${bits}`,
      KeyUsage: 'ENCRYPT/DECRYPT',
      ProtectionLevel: 'SOFTWARE',
      Versions,
    };
  });
  emulator = await startEmulator({ hsm: 'software', seed: { keys } });
});
afterAll(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

/** Starts a run and kills it, unless it ends before. */
function killAfter(delayMs: number, to: Key): Promise<boolean> {
  const child = spawn(process.execPath, [EXECUTABLE, 'rewrap', '--to', `${to}.pem`, 'files'], {
    cwd: dir,
    env: env(),
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  return new Promise((resolve) => {
    child.once('exit', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}

/** Opens the header with the private keys themselves; returns where the payload begins, and whether the head was torn. */
async function openFile(file: string): Promise<{ payload: number; isTorn: boolean }> {
  const input = openRegularInput(file, true);
  try {
    const header = await readHeader(new ByteReader(input.chunks()));
    const identity = new KmsIdentity(({ locator, ciphertext }) => {
      const key = privateKeys.get(locator?.keyId ?? '');
      if (!key) throw new Error('no such key');
      return Promise.resolve(
        privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, ciphertext),
      );
    });
    await openHeader([identity], header);
    return { payload: header.length, isTorn: input.isInterrupted === true };
  } finally {
    input.close();
  }
}

function hashFrom(file: string, start: number): string {
  const fd = openSync(file, 'r');
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(4 * 1024 * 1024);
  for (let position = start, count = -1; count !== 0; position += count) {
    count = readSync(fd, buffer, 0, buffer.length, position);
    hash.update(buffer.subarray(0, count));
  }
  closeSync(fd);
  return hash.digest('hex');
}

it(`every file opens, whole, after each of ${KILLS} kills`, { timeout: 3_600_000 }, async () => {
  for (const key of Object.keys(KEYS)) await run('get-public-key', '--key-id', key, '-o', `${key}.pem`);
  mkdirSync(at('plain'));
  for (let index = 0; index < SMALL_FILES; index += 1)
    execFileSync('dd', ['if=/dev/urandom', `of=${at(`plain/${index}`)}`, 'bs=1M', 'count=1'], {
      stdio: 'ignore',
    });
  execFileSync(
    'dd',
    ['if=/dev/urandom', `of=${at('plain/0-big')}`, 'bs=1M', `count=${BIG_BYTES / 2 ** 20}`],
    {
      stdio: 'ignore',
    },
  );
  await run(
    'encrypt',
    '--public-key',
    'key-soak-a.pem',
    '--format',
    'age',
    '--output-dir',
    'files',
    'plain',
    '-q',
  );
  const names = readdirSync(at('files'));
  expect(names).toHaveLength(SMALL_FILES + 1);
  const payloads = new Map<string, string>();
  for (const name of names)
    payloads.set(name, hashFrom(at(`files/${name}`), (await openFile(at(`files/${name}`))).payload));
  const seen = { killed: 0, journals: 0, torn: 0, temporaries: 0 };
  for (let round = 0; seen.killed < KILLS; round += 1) {
    const isCopy = round % 10 === 9;
    const to: Key = isCopy ? 'key-soak-c' : round % 2 === 0 ? 'key-soak-b' : 'key-soak-a';
    if (!(await killAfter(randomInt(60, isCopy ? 6000 : 2000), to))) continue;
    seen.killed += 1;
    const leftovers = readdirSync(at('files')).filter((name) => name.startsWith('.'));
    seen.journals += leftovers.filter((name) => name.endsWith('.kms-asym-journal')).length;
    seen.temporaries += leftovers.filter((name) => name.endsWith('.tmp')).length;
    for (const name of names) {
      const file = at(`files/${name}`);
      const { payload, isTorn } = await openFile(file);
      if (isTorn) seen.torn += 1;
      if (statSync(file).size < 64 * 1024 * 1024 || seen.killed % 25 === 0) {
        expect(hashFrom(file, payload), `${name} after kill ${seen.killed}`).toBe(payloads.get(name));
      }
    }
  }
  process.stderr.write(`${JSON.stringify(seen)}\n`);
  await run('rewrap', '--to', 'key-soak-b.pem', 'files', '-q');
  await run('rewrap', '--check', '--to', 'key-soak-b.pem', 'files', '-q');
  expect(readdirSync(at('files')).sort()).toEqual(names.sort());
  await run('decrypt', 'files', '--output-dir', 'opened', '-q');
  for (const name of readdirSync(at('plain')))
    expect(hashFrom(at(`opened/${name}`), 0), name).toBe(hashFrom(at(`plain/${name}`), 0));
});
