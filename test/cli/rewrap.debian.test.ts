/** Files after `rewrap`, opened by age, by its JavaScript library, and by us. */
import { execFile, execFileSync } from 'node:child_process';
import { constants, createPrivateKey, privateDecrypt, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { armor, Decrypter, generateX25519Identity, identityToRecipient, type Stanza } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { HeaderParser } from '../../src/age/header.js';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { fixture } from '../fixtures.js';
import { memoryStdio } from './memory-stdio.js';

const fixtures = inject('fixtures');
/** Whose private keys are known here, so that others can play KMS. */
const KEYS = ['rsa2048', 'rsa3072', 'rsa4096'] as const;
type Key = (typeof KEYS)[number];

let dir: string;
let emulator: Emulator;
let identity: string;
const at = (name: string): string => join(dir, name);

/** As seeds have it. */
const pkcs8 = (name: string): string =>
  createPrivateKey(fixture(fixtures, `${name}.key`))
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-rewrap-'));
  const keys = [...KEYS, 'successor'].map((name) => ({
    KeyId: `key-${name}`,
    KeySpec: name === 'successor' ? 'RSA_2048' : `RSA_${name.slice(3)}`,
    KeyUsage: 'ENCRYPT/DECRYPT',
    ProtectionLevel: 'SOFTWARE',
    ...(name !== 'successor' && {
      Versions: [{ KeyVersionId: 'v1', PrivateKey: pkcs8(name) }],
    }),
  }));
  emulator = await startEmulator({ hsm: 'software', seed: { keys } });
  for (const { KeyId } of keys) await run(['get-public-key', '--key-id', KeyId, '-o', at(`${KeyId}.pem`)]);
  identity = await generateX25519Identity();
  writeFileSync(at('identity'), identity);
  writeFileSync(at('recipient'), await identityToRecipient(identity));
});
afterAll(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

async function run(
  argv: string[],
  stdin?: Uint8Array,
): Promise<{ status: number; stdout: Buffer; stderr: string }> {
  const stdio = memoryStdio(stdin);
  const env = emulatorEnvironment(emulator, {});
  const status = await main(argv, { stdio, env, interceptSignals: () => () => undefined });
  return { status, stdout: stdio.output('stdout'), stderr: stdio.output('stderr').toString() };
}

async function ok(argv: string[]): Promise<void> {
  expect(await run(argv)).toMatchObject({ status: 0, stderr: '' });
}

/** The library, with the private key of one KMS key. */
async function judge(name: Key, file: Uint8Array): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  const options = {
    key: fixture(fixtures, `${name}.key`),
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: 'sha256',
  };
  decrypter.addIdentity({
    unwrapFileKey(stanzas: Stanza[]) {
      for (const { args, body } of stanzas) {
        if (args[0] === 'alikms' && args[4] === `key-${name}`) return privateDecrypt(options, body);
      }
      return null;
    },
  });
  return decrypter.decrypt(file);
}

function payloadOf(file: Uint8Array): Uint8Array {
  return file.subarray(new HeaderParser().push(file)?.length ?? 0);
}

const MOVES = KEYS.flatMap((from) => KEYS.filter((to) => to !== from).map((to) => ({ from, to })));
const SIZES = [0, 1, 65_536, 300_001];

describe.each(MOVES)('from $from to $to', ({ from, to }) => {
  it.each(SIZES)(
    '%i bytes stay what they are, for the new key and age, not for the old key',
    async (size) => {
      const plaintext = randomBytes(size);
      writeFileSync(at('plain'), plaintext);
      for (const armored of [false, true]) {
        const file = at(armored ? 'file.txt' : 'file.age');
        const flags = ['--format', 'age', '-R', at('recipient'), '--force', ...(armored ? ['-a'] : [])];
        await ok(['encrypt', '--public-key', at(`key-${from}.pem`), ...flags, at('plain'), '-o', file]);
        const bytes = (): Uint8Array =>
          armored ? armor.decode(readFileSync(file, 'latin1')) : readFileSync(file);
        const before = bytes();
        await ok(['rewrap', '--to', at(`key-${to}.pem`), file, '-q']);
        const after = bytes();
        expect(Buffer.from(payloadOf(after)).equals(payloadOf(before))).toBe(true);
        expect(plaintext.equals(await judge(to, after))).toBe(true);
        await expect(judge(from, after)).rejects.toThrow('no identity matched');
        expect(execFileSync('age', ['-d', '-i', at('identity'), file]).equals(plaintext)).toBe(true);
        expect((await run(['decrypt', file, '-o', '-'])).stdout.equals(plaintext)).toBe(true);
        expect((await run(['decrypt', file, '--key-id', `key-${from}`])).status).toBe(3);
        await ok(['rewrap', '--add', '--to', at(`key-${from}.pem`), file, '-q']);
        for (const name of [from, to]) expect(plaintext.equals(await judge(name, bytes()))).toBe(true);
        expect(Buffer.from(payloadOf(bytes())).equals(payloadOf(before))).toBe(true);
      }
    },
  );
});

/** Two keys as the service names them, with ids of one length. */
async function twins(): Promise<[string, string]> {
  const names = ['one', 'two'].map((name) => at(`${name}.pem`)) as [string, string];
  for (const name of names) {
    const { stdout } = await run(['create-key', '-q', '--protection-level', 'SOFTWARE']);
    await ok(['get-public-key', '--key-id', stdout.toString().trim(), '-o', name, '--force']);
  }
  return names;
}

it('with a header of the same length, the file stays where it is', async () => {
  const [one, two] = await twins();
  const plaintext = randomBytes(200_000);
  writeFileSync(at('plain'), plaintext);
  const file = at('same.age');
  await ok(['encrypt', '--public-key', one, at('plain'), '-o', file]);
  const { ino, size } = statSync(file);
  const { stdout } = await run(['rewrap', '--to', two, file, '--json']);
  expect(JSON.parse(stdout.toString())).toMatchObject({ Status: 'rewrapped', Method: 'in place' });
  expect(statSync(file)).toMatchObject({ ino, size });
  expect((await run(['decrypt', file, '-o', '-'])).stdout.equals(plaintext)).toBe(true);
});

it('the same file under several names is rewrapped once', async () => {
  const [one, two] = await twins();
  const tree = at('tree');
  mkdirSync(tree);
  await ok(['encrypt', '--public-key', one, '--format', 'age', at('recipient'), '-o', join(tree, 'a')]);
  for (const name of ['b', 'c', 'd']) linkSync(join(tree, 'a'), join(tree, name));
  const { status, stdout } = await run(['rewrap', '--to', two, tree, join(tree, 'a'), tree]);
  expect(status).toBe(0);
  expect(stdout.toString().match(/^rewrapped: /gm)).toHaveLength(1);
  expect(stdout.toString().match(/^unchanged: /gm)).toHaveLength(8);
  expect(
    (await run(['decrypt', join(tree, 'd'), '-o', '-'])).stdout.equals(readFileSync(at('recipient'))),
  ).toBe(true);
});

it('what was made by age for us to open is rewrapped too', async () => {
  const plaintext = randomBytes(1000);
  const file = at('by-age');
  for (const flags of [[], ['-a']]) {
    writeFileSync(file, execFileSync('age', [...flags, '-R', at('recipient')], { input: plaintext }));
    await ok(['rewrap', '--to', at('key-rsa3072.pem'), '-i', at('identity'), '-q', file]);
    expect(execFileSync('age', ['-d', '-i', at('identity'), file]).equals(plaintext)).toBe(true);
    expect((await run(['decrypt', '-o', '-', file])).stdout.equals(plaintext)).toBe(true);
  }
});

/** All that a run of the executable hands to the system to be written. */
async function writtenBy(...argv: string[]): Promise<Buffer> {
  const calls = 'trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg';
  const trace = ['-f', '-qq', '-xx', '-s', '1000000', '-e', calls, '-o', at('trace')];
  const executable = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
  // Not synchronous: the emulator answers from this process.
  await promisify(execFile)('strace', [...trace, process.execPath, executable, ...argv], {
    env: emulatorEnvironment(emulator, { PATH: process.env['PATH'], HOME: dir }),
  });
  const strings = readFileSync(at('trace'), 'latin1').match(/"(?:\\x[0-9a-f]{2})*"/g) ?? [];
  return Buffer.from(strings.join('').replaceAll(/[^0-9a-f]/g, ''), 'hex');
}

describe('neither plaintext nor file key is handed to the system to be written', () => {
  const MARK = 'PLAINTEXT-OF-THE-TEST';
  const fileKeyOf = (file: string, name: Key): Buffer => {
    const stanza = new HeaderParser().push(readFileSync(file))?.stanzas[0];
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const options = { key: fixture(fixtures, `${name}.key`), padding, oaepHash: 'sha256' };
    return privateDecrypt(options, stanza?.body ?? Buffer.alloc(0));
  };

  it.each([[[]], [['--fresh']]])('by rewrap %j', async (more) => {
    const file = at('traced.age');
    writeFileSync(at('plain'), `${MARK} `.repeat(10_000));
    await ok(['encrypt', '--public-key', at('key-rsa2048.pem'), at('plain'), '-o', file, '--force']);
    const before = fileKeyOf(file, 'rsa2048');
    const written = await writtenBy('rewrap', ...more, '--to', at('key-rsa3072.pem'), file);
    expect(written.includes('age-encryption.org/v1\n-> alikms')).toBe(true);
    for (const secret of [before, fileKeyOf(file, 'rsa3072')]) {
      expect(written.includes(secret)).toBe(false);
      expect(written.includes(secret.toString('base64').slice(0, 20))).toBe(false);
    }
    expect(written.includes(MARK)).toBe(false);
    // The same look sees what is meant to be written.
    expect((await writtenBy('decrypt', file, '-o', at('opened'), '--force')).includes(MARK)).toBe(true);
  });
});
