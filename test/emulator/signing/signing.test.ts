/** Signatures of the emulator are openssl's, and the other way round. */
import { execFileSync } from 'node:child_process';
import { constants, createHash, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emsaPssEncode } from '../../../src/emulator/hsm/signature-encoding.js';
import { verifyEcdsa } from '../../../src/emulator/signing/ecdsa.js';
import { VERIFIERS } from '../../../src/emulator/signing/algorithms.js';
import { createKey, type CreatedKey, expectRefusal, runEmulator } from '../running.js';
import type { Params } from '../signer.js';

const running = runEmulator();
const { call, ok } = running;
const MESSAGE = Buffer.from('a message');
const digestOf = (message: Buffer) => createHash('sha256').update(message).digest();
const Digest = digestOf(MESSAGE).toString('base64');
const PSS = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:32', 'rsa_mgf1_md:sha256'];

const CASES: [spec: string, algorithm: string, openssl: readonly string[], bytes: number | undefined][] = [
  ['RSA_2048', 'RSA_PSS_SHA_256', PSS, 256],
  ['RSA_2048', 'RSA_PKCS1_SHA_256', [], 256],
  ['RSA_3072', 'RSA_PSS_SHA_256', PSS, 384],
  ['RSA_3072', 'RSA_PKCS1_SHA_256', [], 384],
  ['EC_P256', 'ECDSA_SHA_256', [], undefined],
  ['EC_P256K', 'ECDSA_SHA_256', [], undefined],
];

const made = new Map<string, Promise<CreatedKey>>();
const signingKey = (KeySpec: string, ProtectionLevel = 'SOFTWARE') => {
  const known =
    made.get(KeySpec) ?? createKey(running, { KeySpec, KeyUsage: 'SIGN/VERIFY', ProtectionLevel });
  made.set(KeySpec, known);
  return known;
};
const reference = async (KeySpec: string): Promise<{ KeyId: string; KeyVersionId: string }> => {
  const { KeyId, KeyVersionId } = await signingKey(KeySpec);
  return { KeyId, KeyVersionId };
};

interface Bench {
  readonly path: (name: string) => string;
  readonly openssl: (...args: string[]) => string;
}

function bench(files: Readonly<Record<string, string | Buffer>>): Bench {
  const cwd = mkdtempSync(join(tmpdir(), 'kms-asym-sign-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return {
    path: (name) => join(cwd, name),
    openssl: (...args) =>
      execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }).toString(),
  };
}

describe.each(CASES)('%s with %s', (spec, Algorithm, options, bytes) => {
  it('makes what openssl verifies, of the message and of the digest', async () => {
    const key = await reference(spec);
    const { PublicKey } = await ok('GetPublicKey', key);
    const answer = await ok('AsymmetricSign', { ...key, Algorithm, Digest });
    expect(answer).toMatchObject(key);
    const signature = Buffer.from(String(answer['Value']), 'base64');
    if (bytes !== undefined) expect(signature).toHaveLength(bytes);
    const { openssl } = bench({
      ...{ 'key.pem': String(PublicKey), message: MESSAGE, other: 'another message' },
      ...{ digest: digestOf(MESSAGE), signature },
    });
    const dgst = options.flatMap((option) => ['-sigopt', option]);
    const verify = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', ...dgst];
    expect(openssl(...verify, 'message')).toBe('Verified OK\n');
    expect(() => openssl(...verify, 'other')).toThrow();
    const pkeyopts = ['digest:sha256', ...options].flatMap((option) => ['-pkeyopt', option]);
    const raw = ['pkeyutl', '-verify', '-in', 'digest', '-sigfile', 'signature'];
    expect(openssl(...raw, '-inkey', 'key.pem', '-pubin', ...pkeyopts)).toMatch(/Verified Successfully/);
  });

  it('verifies its own signatures, and nothing that differs by a bit', async () => {
    const key = await reference(spec);
    const { Value } = await ok('AsymmetricSign', { ...key, Algorithm, Digest });
    const verify = async (change: Params) =>
      (await ok('AsymmetricVerify', { ...key, Algorithm, Digest, Value: String(Value), ...change }))['Value'];
    expect(await verify({})).toBe(true);
    expect(await verify({ Digest: digestOf(Buffer.from('other')).toString('base64') })).toBe(false);
    const signature = Buffer.from(String(Value), 'base64');
    for (let index = 0; index < signature.length; index += 7) {
      const flipped = Buffer.from(signature);
      flipped.writeUInt8(flipped.readUInt8(index) ^ 1, index);
      expect(await verify({ Value: flipped.toString('base64') })).toBe(false);
    }
    const odd = [signature.subarray(1), signature.subarray(0, -1), Buffer.concat([signature, Buffer.of(0)])];
    for (const value of [
      ...odd,
      Buffer.of(0),
      Buffer.alloc(signature.length),
      Buffer.alloc(signature.length, 0xff),
      Buffer.alloc(512, 0xff),
    ]) {
      expect(await verify({ Value: value.toString('base64') })).toBe(false);
    }
  });
});

it.each<[string, string, readonly string[]]>([
  ['RSA_PSS_SHA_256', 'rsa', ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:20']],
  ['RSA_PSS_SHA_256', 'rsa', ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:33']],
  ['RSA_PSS_SHA_256', 'rsa', []],
  ['RSA_PKCS1_SHA_256', 'rsa', ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32']],
])('%s is not what openssl signs with %s and %j', (algorithm, type, options) => {
  const { privateKey, publicKey } = generateKeyPairSync(type as 'rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const { openssl, path } = bench({ 'key.pem': pem, message: MESSAGE });
  openssl('dgst', '-sha256', '-sign', 'key.pem', ...options, '-out', 'signature', 'message');
  const verifier = VERIFIERS[algorithm as keyof typeof VERIFIERS];
  expect(verifier(publicKey, digestOf(MESSAGE), readFileSync(path('signature')))).toBe(false);
});

it('RSA_PSS_SHA_256 refuses an encoding whose first bit is set, one bit more than there is room for', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const modulus = Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
  let block = Buffer.from(emsaPssEncode(digestOf(MESSAGE), 256));
  while (block.readUInt8(0) >= (modulus.readUInt8(0) & 0x7f)) {
    block = Buffer.from(emsaPssEncode(digestOf(MESSAGE), 256));
  }
  const signBlock = () => privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block);
  expect(VERIFIERS.RSA_PSS_SHA_256(publicKey, digestOf(MESSAGE), signBlock())).toBe(true);
  block.writeUInt8(block.readUInt8(0) | 0x80, 0);
  expect(VERIFIERS.RSA_PSS_SHA_256(publicKey, digestOf(MESSAGE), signBlock())).toBe(false);
});

describe('verifyEcdsa', () => {
  it.each(['prime256v1', 'secp256k1'])('says the same as node on %s', (namedCurve) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 8 }), (text, garbage) => {
        const message = Buffer.from(text);
        const signature = sign('sha256', message, privateKey);
        expect(verifyEcdsa(publicKey, digestOf(message), signature)).toBe(true);
        const other = digestOf(Buffer.concat([message, Buffer.of(0)]));
        expect(verifyEcdsa(publicKey, other, signature)).toBe(false);
        expect(verifyEcdsa(publicKey, digestOf(message), Buffer.concat([signature, garbage]))).toBe(
          garbage.length === 0,
        );
        expect(verifyEcdsa(publicKey, digestOf(message), garbage)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('knows digests at the ends of their range, and the hash of nothing', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const empty = Buffer.alloc(0);
    expect(verifyEcdsa(publicKey, digestOf(empty), sign('sha256', empty, privateKey))).toBe(true);
    const zeros = Buffer.from('3006020100020100', 'hex');
    for (const digest of [Buffer.alloc(32), Buffer.alloc(32, 0xff)]) {
      expect(verifyEcdsa(publicKey, digest, zeros)).toBe(false);
    }
    // Here the shifted key would be twice the key, which the addition of different points cannot give.
    const scalar = BigInt(
      `0x${Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url').toString('hex')}`,
    );
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const digest = (BigInt(`0x${digestOf(empty).toString('hex')}`) + scalar) % order;
    const doubled = Buffer.from(digest.toString(16).padStart(64, '0'), 'hex');
    expect(verifyEcdsa(publicKey, doubled, Buffer.from('3006020101020101', 'hex'))).toBe(false);
    const { publicKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    expect(verifyEcdsa(foreign, digestOf(empty), sign('sha256', empty, privateKey))).toBe(false);
  });
});

describe('AsymmetricSign and AsymmetricVerify refuse', () => {
  const ACTIONS = ['AsymmetricSign', 'AsymmetricVerify'];

  it.each<[string, Params, string]>([
    ['no digest', { Digest: '' }, 'MissingParameter'],
    ['a digest that is no base64', { Digest: '*' }, 'InvalidParameter'],
    ['a digest of 31 bytes', { Digest: Buffer.alloc(31).toString('base64') }, 'InvalidParameter'],
    ['a digest of 64 bytes', { Digest: Buffer.alloc(64).toString('base64') }, 'InvalidParameter'],
    ['an algorithm that encrypts', { Algorithm: 'RSAES_OAEP_SHA_256' }, 'InvalidParameter'],
    ['an inherited name', { Algorithm: 'constructor' }, 'InvalidParameter'],
    ['SM2DSA', { Algorithm: 'SM2DSA' }, 'Rejected.UnsupportedOperation'],
    ['an algorithm of RSA keys', { Algorithm: 'RSA_PSS_SHA_256' }, 'Rejected.UnsupportedOperation'],
  ])('%s', async (_title, change, code) => {
    const params = { ...(await reference('EC_P256')), Algorithm: 'ECDSA_SHA_256', Digest, Value: 'AAAA' };
    for (const action of ACTIONS) expectRefusal(await call(action, { ...params, ...change }), 400, code);
  });

  it('an RSA key that decrypts', async () => {
    const { KeyId, KeyVersionId } = await createKey(running);
    const params = { KeyId, KeyVersionId, Algorithm: 'RSA_PSS_SHA_256', Digest, Value: 'AAAA' };
    for (const action of ACTIONS) {
      expectRefusal(await call(action, params), 400, 'Rejected.UnsupportedOperation');
    }
  });

  it('a value that is absent or no base64', async () => {
    const params = { ...(await reference('EC_P256')), Algorithm: 'ECDSA_SHA_256', Digest };
    expectRefusal(await call('AsymmetricVerify', params), 400, 'MissingParameter');
    expectRefusal(await call('AsymmetricVerify', { ...params, Value: 'AA' }), 400, 'InvalidParameter');
  });
});
