/**
 * The whole triangle with real parts only: this program, openssl, and the API as anybody may call it. Nothing here
 * checks our encryption with our own decryption alone.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { emulatorEnvironment } from '../src/cli/emulator-environment.js';
import { main } from '../src/cli/main.js';
import type { Emulator } from '../src/emulator/options.js';
import { startEmulator } from '../src/emulator/start.js';
import { memoryStdio } from './cli/memory-stdio.js';
import { send, signV3 } from './emulator/signer.js';

const OPENSSL_LINES = [
  ...['-pkeyopt', 'rsa_padding_mode:oaep'],
  ...['-pkeyopt', 'rsa_oaep_md:sha256'],
  ...['-pkeyopt', 'rsa_mgf1_md:sha256'],
];

const dir = mkdtempSync(join(tmpdir(), 'kms-asym-interop-'));
const path = (name: string) => join(dir, name);
let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ hsm: inject('hsm') });
});
afterAll(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

async function run(...argv: string[]): Promise<Buffer> {
  const stdio = memoryStdio();
  const env = emulatorEnvironment(emulator, {});
  const status = await main(argv, { stdio, env, interceptSignals: () => () => undefined });
  expect(status, stdio.output('stderr').toString()).toBe(0);
  return stdio.output('stdout');
}

/** Exit status of a run without network and credentials. */
async function statusOf(...argv: string[]): Promise<number> {
  const world = { stdio: memoryStdio(), env: {}, interceptSignals: () => () => undefined };
  return main([...argv, '--endpoint', 'http://127.0.0.1:1'], world);
}

describe.each([
  ['RSA_2048', 190],
  ['RSA_3072', 318],
  ['RSA_4096', 446],
])('%s', (keySpec, max) => {
  const key = path(`${keySpec}.pem`);
  let ids: { KeyId: string; KeyVersionId: string };

  beforeAll(async () => {
    ids = JSON.parse((await run('create-key', '--key-spec', keySpec, '--json')).toString()) as typeof ids;
    await run('get-public-key', '--key-id', ids.KeyId, '-o', key);
  });

  it.each([0, 1, max])("%i bytes through the vendor's openssl lines come back from decrypt", async (size) => {
    const plaintext = randomBytes(size);
    const [input, output] = [path(`${keySpec}.${size}`), path(`${keySpec}.${size}.enc`)];
    writeFileSync(input, plaintext);
    execFileSync('openssl', [
      ...['pkeyutl', '-encrypt', '-in', input, '-inkey', key, '-pubin'],
      ...OPENSSL_LINES,
      ...['-out', output],
    ]);
    const wrapped = path(`${keySpec}.${size}.b64`);
    writeFileSync(wrapped, execFileSync('openssl', ['base64', '-in', output]));
    expect(await run('decrypt', '--public-key', key, output)).toEqual(plaintext);
    expect(await run('decrypt', '--public-key', key, wrapped)).toEqual(plaintext);
  });

  it.each([0, 1, max])('%i bytes through encrypt --armor come back from AsymmetricDecrypt', async (size) => {
    const plaintext = randomBytes(size);
    const input = path(`${keySpec}.${size}.api`);
    writeFileSync(input, plaintext);
    const armored = (await run('encrypt', '--public-key', key, '-a', input)).toString();
    expect(armored).toMatch(/^[A-Za-z0-9+/]+=*\n$/);
    const query = { ...ids, Algorithm: 'RSAES_OAEP_SHA_256', CiphertextBlob: armored.trim() };
    const { KeyId, KeyVersionId, Algorithm, CiphertextBlob } = query;
    const host = new URL(emulator.endpoint).host;
    const request = signV3(emulator, 'AsymmetricDecrypt', {
      host,
      query: { KeyId, KeyVersionId, Algorithm, CiphertextBlob },
    });
    const answer = await send(emulator.endpoint, request);
    expect(answer.status, answer.text).toBe(200);
    expect(Buffer.from(String(answer.json['Plaintext']), 'base64')).toEqual(plaintext);
  });

  it(`${max + 1} bytes are refused by openssl and by us as one ciphertext`, async () => {
    const input = path(`${keySpec}.over`);
    writeFileSync(input, randomBytes(max + 1));
    const stdio = memoryStdio();
    const world = { stdio, env: {}, interceptSignals: () => () => undefined };
    expect(await main(['encrypt', '--public-key', key, '--format', 'oaep', input], world)).toBe(3);
    expect(stdio.output('stdout').length).toBe(0);
    expect(() =>
      execFileSync(
        'openssl',
        [
          'pkeyutl',
          '-encrypt',
          '-in',
          input,
          '-inkey',
          key,
          '-pubin',
          ...OPENSSL_LINES,
          '-out',
          path('never'),
        ],
        { stdio: 'pipe' },
      ),
    ).toThrow();
    expect(readFileSync(key, 'utf8')).toContain(`KeySpec: ${keySpec}`);
  });
});

const PSS = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:32', 'rsa_mgf1_md:sha256'].flatMap((line) => [
  '-sigopt',
  line,
]);
const SIGNERS = [
  ...['RSA_2048', 'RSA_3072', 'RSA_4096'].flatMap((keySpec) => [
    { keySpec, algorithm: 'RSA_PSS_SHA_256', lines: PSS },
    { keySpec, algorithm: 'RSA_PKCS1_SHA_256', lines: [] },
  ]),
  ...['EC_P256', 'EC_P256K'].map((keySpec) => ({ keySpec, algorithm: 'ECDSA_SHA_256', lines: [] })),
];

describe.each(SIGNERS)('$algorithm of $keySpec', ({ keySpec, algorithm, lines }) => {
  const name = `${keySpec}.${algorithm}`;
  const [key, sig, data, flipped] = [
    path(`${name}.pem`),
    path(`${name}.sig`),
    path(name),
    path(`${name}.flipped`),
  ];
  const openssl = (signature: string) =>
    execFileSync('openssl', ['dgst', '-sha256', '-verify', key, ...lines, '-signature', signature, data], {
      encoding: 'utf8',
      stdio: 'pipe',
    });

  beforeAll(async () => {
    const created = await run('create-key', '--key-spec', keySpec, '--key-usage', 'SIGN/VERIFY', '-q');
    await run('get-public-key', '--key-id', created.toString().trim(), '-o', key);
    writeFileSync(data, randomBytes(100_000));
    await run('sign', '--public-key', key, '--algorithm', algorithm, data, '-o', sig);
    const bytes = readFileSync(sig);
    const index = bytes.length >> 1;
    bytes[index] = (bytes[index] ?? 0) ^ 0x10;
    writeFileSync(flipped, bytes);
  });

  it('verifies with openssl and with us', async () => {
    expect(openssl(sig)).toBe('Verified OK\n');
    expect(
      await statusOf('verify', '--public-key', key, '--algorithm', algorithm, '--signature', sig, data),
    ).toBe(0);
  });

  it('with a flipped bit verifies with neither, and ends with 3', async () => {
    expect(() => openssl(flipped)).toThrow();
    expect(
      await statusOf('verify', '--public-key', key, '--algorithm', algorithm, '--signature', flipped, data),
    ).toBe(3);
  });
});
