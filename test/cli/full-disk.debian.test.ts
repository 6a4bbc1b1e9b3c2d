/** Every command that writes a file, on a file system that is full: nothing is lost, nothing is left, and it says so. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { tinyFileSystem, type Resource, type TinyFileSystem } from '../io/tiny-file-system.js';
import { memoryStdio } from './memory-stdio.js';

/** Larger than what is left in some runs, so that writing fails in the middle. */
const PLAINTEXT = Buffer.alloc(300_000, 'this is plaintext');
const LEFT_BYTES = 131_072;
let dir: string;
let emulator: Emulator;
const at = (name: string): string => join(dir, name);

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[], signalled = false): Promise<Ended> {
  const stdio = memoryStdio();
  const env = emulatorEnvironment(emulator, {});
  // An emulator that is told to stop at once has started all the same.
  const interceptSignals = (listener: (signal: NodeJS.Signals) => void) => {
    if (signalled) setImmediate(listener, 'SIGTERM');
    return () => undefined;
  };
  const status = await main(argv, { stdio, env, interceptSignals });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

async function ok(...argv: string[]): Promise<void> {
  expect(await run(argv)).toMatchObject({ status: 0 });
}

const SEED = ['key-old', 'key-new', 'key-large', 'key-sign'].map((KeyId) => ({
  KeyId,
  KeySpec: KeyId === 'key-large' ? 'RSA_4096' : 'RSA_2048',
  KeyUsage: KeyId === 'key-sign' ? 'SIGN/VERIFY' : 'ENCRYPT/DECRYPT',
  ProtectionLevel: 'SOFTWARE',
}));

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-full-'));
  emulator = await startEmulator({ hsm: 'software', seed: { keys: SEED } });
  for (const { KeyId } of SEED) await ok('get-public-key', '--key-id', KeyId, '-o', at(KeyId));
  writeFileSync(at('plain'), PLAINTEXT);
  await ok('encrypt', '--public-key', at('key-old'), '--format', 'age', at('plain'), '-o', at('sealed'));
  writeFileSync(at('short'), 'short');
  mkdirSync(at('tree'));
  for (const name of ['a', 'b', 'c']) writeFileSync(at(`tree/${name}`), 'short');
});
afterAll(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

interface Case {
  readonly title: string;
  readonly argv: (tiny: TinyFileSystem) => string[];
  /** What was there before. */
  readonly given?: (tiny: TinyFileSystem) => void;
  /** The file that its error names. */
  readonly subject?: string;
  readonly status?: number;
  /** The file is as large as the plaintext. */
  readonly isLarge?: true;
}

const old = ({ at: there }: TinyFileSystem): void => writeFileSync(there('out'), 'what was there before');
const sealed = ({ at: there }: TinyFileSystem): void =>
  writeFileSync(there('out'), readFileSync(at('sealed')), { mode: 0o640 });
const to =
  (...argv: string[]): Case['argv'] =>
  (tiny) => [...argv, '-o', tiny.at('out')];
const force = (...argv: string[]): Pick<Case, 'argv' | 'given'> => ({
  argv: to(...argv, '--force'),
  given: old,
});

/** Built when the directory is known. */
function cases(): Case[] {
  const encrypt = ['encrypt', '--public-key', at('key-old'), at('plain')];
  const sign = ['sign', '--public-key', at('key-sign'), at('plain')];
  return [
    { title: 'encrypt', argv: to('encrypt', '--public-key', at('key-old'), '--format', 'oaep', at('short')) },
    { title: 'encrypt to an age file', argv: to(...encrypt), isLarge: true },
    { title: 'encrypt to armor over a file', ...force(...encrypt, '-a'), isLarge: true },
    { title: 'decrypt', argv: to('decrypt', at('sealed')), isLarge: true },
    { title: 'decrypt over a file', ...force('decrypt', at('sealed')), isLarge: true },
    {
      title: 'decrypt of many files into a new directory',
      argv: ({ at: there }) => ['decrypt', at('sealed'), '--output-dir', there('out'), '--suffix', ''],
      subject: 'out',
      status: 8,
    },
    {
      title: 'encrypt of many files',
      argv: ({ at: there }) => [
        'encrypt',
        '--public-key',
        at('key-old'),
        at('tree'),
        '--output-dir',
        there('out'),
      ],
      given: ({ at: there }) => mkdirSync(there('out')),
      subject: 'out/a.age',
      status: 8,
    },
    {
      title: 'rewrap in place',
      argv: ({ at: there }) => ['rewrap', '--to', at('key-new'), there('out')],
      given: sealed,
    },
    {
      title: 'rewrap by a copy',
      isLarge: true,
      argv: ({ at: there }) => ['rewrap', '--to', at('key-large'), there('out')],
      given: sealed,
    },
    {
      title: 'rewrap of everything',
      isLarge: true,
      argv: ({ at: there }) => ['rewrap', '--fresh', '--to', at('key-new'), there('out')],
      given: sealed,
    },
    { title: 'sign', argv: to(...sign) },
    { title: 'sign over a file', ...force(...sign) },
    { title: 'get-public-key', argv: to('get-public-key', '--key-id', 'key-old') },
    { title: 'get-public-key over a file', ...force('get-public-key', '--key-id', 'key-old') },
    { title: 'recipient', argv: to('recipient', '--key-id', 'key-old') },
    { title: 'identity', argv: to('identity') },
  ];
}

/**
 * Files by name, with their modes. Directories that were made for results may stay, and the journal of `rewrap`, which
 * only its next run may remove: another one could have taken it over.
 */
function content({ at: there }: TinyFileSystem): Record<string, string> {
  const names = readdirSync(there(''), { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^filler|^\.out\.kms-asym-journal$/.test(name) && statSync(there(name)).isFile(),
  );
  return Object.fromEntries(
    names.map((name) => [
      name,
      `${statSync(there(name)).mode.toString(8)} ${readFileSync(there(name), 'latin1')}`,
    ]),
  );
}

describe.each<[Resource, number]>([
  ['bytes', 0],
  ['bytes', LEFT_BYTES],
  ['files', 0],
])('without room for %s, %i left,', (resource, leftBytes) => {
  it('every command that writes a file leaves all as it was, and succeeds when there is room', async () => {
    const all = cases().filter(({ isLarge }) => isLarge === true || leftBytes === 0);
    for (const { title, argv, given, subject = 'out', status = 5 } of all) {
      const tiny = tinyFileSystem();
      given?.(tiny);
      const before = content(tiny);
      tiny.exhaust(resource, leftBytes);
      const failed = await run(argv(tiny));
      expect(failed, title).toMatchObject({ status, stdout: '' });
      expect(failed.stderr, title).toMatch(/cannot write (beside )?"[^"]*": no space left on the device\n/);
      expect(failed.stderr, title).toContain(`"${tiny.at(subject)}`);
      expect(failed.stderr, title).toContain('hint: make room');
      expect(content(tiny), title).toEqual(before);
      tiny.relieve();
      expect(await run(argv(tiny)), title).toMatchObject({ status: 0 });
      expect(content(tiny), title).not.toEqual(before);
      expect(readdirSync(tiny.at('')), title).toEqual(['out']);
    }
  });
});

it.each(['bytes', 'files'] as const)(
  'without room for %s an emulator does not start with a state',
  async (resource) => {
    const tiny = tinyFileSystem();
    const argv = ['emulator', '--hsm', 'software', '--state', tiny.at('state')];
    tiny.exhaust(resource);
    const failed = await run(argv, true);
    expect(failed).toMatchObject({ status: 5, stdout: '' });
    expect(failed.stderr).toMatch(/"[^"]*\/state": no space left on the device\n.*hint: make room/);
    tiny.relieve();
    expect(await run(argv, true)).toMatchObject({ status: 0 });
  },
);

it('an emulator that runs answers what it cannot keep with an error, and forgets it', async () => {
  const tiny = tinyFileSystem();
  const stateDir = tiny.at('state');
  const start = () => startEmulator({ hsm: 'software', stateDir });
  const call = async (running: Emulator, ...argv: string[]): Promise<Ended> => {
    const stdio = memoryStdio();
    const run = { stdio, env: emulatorEnvironment(running, {}), interceptSignals: () => () => undefined };
    const status = await main([...argv, '--retry-count', '0'], run);
    return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
  };
  const createKey = ['create-key', '-q', '--key-spec', 'EC_P256', '--key-usage', 'SIGN/VERIFY'];
  const first = await start();
  const { stdout: kept } = await call(first, ...createKey);
  tiny.exhaust('bytes');
  const refused = await call(first, ...createKey);
  expect(refused).toMatchObject({ status: 6, stdout: '' });
  await first.close();
  tiny.relieve();
  const second = await start();
  expect((await call(second, 'list-keys', '-q')).stdout).toBe(kept);
  await second.close();
});

it('a journal for which there was no room is in nobody’s way', async () => {
  const tiny = tinyFileSystem();
  sealed(tiny);
  tiny.exhaust('bytes');
  await run(['rewrap', '--to', at('key-new'), tiny.at('out')]);
  expect(readdirSync(tiny.at(''))).toContain('.out.kms-asym-journal');
  const opened = await run(['decrypt', tiny.at('out')]);
  expect(opened).toEqual({ status: 0, stdout: PLAINTEXT.toString(), stderr: '' });
});
