/** Signatures of openssl, which this program did not make, and everything that is not quite one. */
import { execFileSync } from 'node:child_process';
import { createHash, constants, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { signatureAlgorithmsOf, type SignatureAlgorithmName } from '../../src/crypto/algorithms.js';
import { parsePublicKey } from '../../src/crypto/public-key.js';
import { explainMisfit } from '../../src/crypto/signature-diagnosis.js';
import { parseSignature } from '../../src/crypto/signature-file.js';
import { SignedData } from '../../src/crypto/signature.js';
import { fixture } from '../fixtures.js';

const fixtures = inject('fixtures');
const dir = mkdtempSync(join(tmpdir(), 'kms-asym-signature-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

const DATA = Buffer.from('what is signed');
const PSS = [
  '-sigopt',
  'rsa_padding_mode:pss',
  '-sigopt',
  'rsa_pss_saltlen:32',
  '-sigopt',
  'rsa_mgf1_md:sha256',
];
const KEYS: Record<
  string,
  { readonly name: string; readonly algorithms: Partial<Record<SignatureAlgorithmName, string[]>> }
> = {
  RSA_2048: { name: 'rsa2048', algorithms: { RSA_PSS_SHA_256: PSS, RSA_PKCS1_SHA_256: [] } },
  RSA_3072: { name: 'rsa3072', algorithms: { RSA_PSS_SHA_256: PSS, RSA_PKCS1_SHA_256: [] } },
  RSA_4096: { name: 'rsa4096', algorithms: { RSA_PSS_SHA_256: PSS, RSA_PKCS1_SHA_256: [] } },
  EC_P256: { name: 'prime256v1', algorithms: { ECDSA_SHA_256: [] } },
  EC_P256K: { name: 'secp256k1', algorithms: { ECDSA_SHA_256: [] } },
};
const CASES = Object.entries(KEYS).flatMap(([spec, { name, algorithms }]) =>
  Object.entries(algorithms).map(([algorithm, lines]) => ({
    spec,
    name,
    algorithm: algorithm as SignatureAlgorithmName,
    lines,
  })),
);

function openssl(name: string, lines: readonly string[], data: Buffer = DATA, hash = '-sha256'): Buffer {
  writeFileSync(join(dir, 'data'), data);
  return execFileSync(
    'openssl',
    ['dgst', hash, '-sign', join(fixtures, `${name}.key`), ...lines, join(dir, 'data')],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
}

const publicKeyOf = (name: string) => parsePublicKey(fixture(fixtures, `${name}.pem`), name);
const privateKeyOf = (name: string): KeyObject => createPrivateKey(fixture(fixtures, `${name}.key`));

function verify(name: string, algorithm: SignatureAlgorithmName, signature: Uint8Array, ...pieces: Buffer[]) {
  const data = new SignedData({ publicKey: publicKeyOf(name), algorithm });
  for (const piece of pieces) data.update(piece);
  return data.isSignedBy(signature);
}

describe.each(CASES)('$algorithm of $spec', ({ spec, name, algorithm, lines }) => {
  it("verifies openssl's signature, whatever the pieces of the data", () => {
    const signature = openssl(name, lines);
    expect(verify(name, algorithm, signature, DATA)).toBe(true);
    expect(verify(name, algorithm, signature, ...[...DATA].map((byte) => Buffer.of(byte)))).toBe(true);
  });

  it('verifies the signature of nothing', () => {
    expect(verify(name, algorithm, openssl(name, lines, Buffer.alloc(0)))).toBe(true);
  });

  it('refuses any flipped bit in signature or data, and any other length', () => {
    const signature = openssl(name, lines);
    for (let index = 0; index < signature.length; index++) {
      const flipped = Buffer.from(signature);
      flipped[index] = (flipped[index] ?? 0) ^ (1 << (index % 8));
      expect(verify(name, algorithm, flipped, DATA), `byte ${index}`).toBe(false);
    }
    for (let bit = 0; bit < DATA.length * 8; bit++) {
      const flipped = Buffer.from(DATA);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit % 8));
      expect(verify(name, algorithm, signature, flipped), `bit ${bit}`).toBe(false);
    }
    for (const other of [
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.of(0)]),
    ]) {
      expect(verify(name, algorithm, other, DATA)).toBe(false);
    }
  });

  it('refuses bytes of any kind, and can say something about them', () => {
    const publicKey = publicKeyOf(name);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 520 }), (signature) => {
        expect(verify(name, algorithm, signature, DATA)).toBe(false);
        expect(explainMisfit({ publicKey, algorithm, signature }).length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it('is one of the algorithms that the key has', () => {
    expect(signatureAlgorithmsOf(publicKeyOf(name).keySpec)).toEqual(
      Object.keys(KEYS[spec]?.algorithms ?? {}),
    );
  });
});

it('gives the digest that goes to the service, and the length', () => {
  const data = new SignedData();
  data.update(DATA.subarray(0, 3));
  data.update(DATA.subarray(3));
  expect(data.length).toBe(DATA.length);
  expect(data.digest()).toEqual(createHash('sha256').update(DATA).digest());
});

it('refuses an RSA signature whose leading zero was dropped, which OpenSSL takes', () => {
  const key = privateKeyOf('rsa2048');
  const withZero = Array.from({ length: 5000 }, (_, index) => Buffer.from(`data ${index}`)).find(
    (data) => sign('sha256', data, key)[0] === 0,
  );
  const data = withZero ?? Buffer.alloc(0);
  const signature = sign('sha256', data, key);
  expect(signature[0]).toBe(0);
  expect(verify('rsa2048', 'RSA_PKCS1_SHA_256', signature, data)).toBe(true);
  expect(verify('rsa2048', 'RSA_PKCS1_SHA_256', signature.subarray(1), data)).toBe(false);
});

it('refuses PSS salts that KMS does not make', () => {
  const key = privateKeyOf('rsa2048');
  for (const saltLength of [0, 20, 64, 222]) {
    const signature = sign('sha256', DATA, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    expect(verify('rsa2048', 'RSA_PSS_SHA_256', signature, DATA)).toBe(false);
  }
});

describe('explains', () => {
  const pss = (saltLength: number) =>
    sign('sha256', DATA, {
      key: privateKeyOf('rsa2048'),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength,
    });
  const pkcs1 = (hash: string, name = 'rsa2048') => sign(hash, DATA, privateKeyOf(name));
  const ecdsa = (dsaEncoding: 'der' | 'ieee-p1363') =>
    sign('sha256', DATA, { key: privateKeyOf('prime256v1'), dsaEncoding });

  it.each<[string, string, SignatureAlgorithmName, Buffer, RegExp]>([
    [
      'PKCS#1 in place of PSS',
      'rsa2048',
      'RSA_PSS_SHA_256',
      pkcs1('sha256'),
      /--algorithm RSA_PKCS1_SHA_256$/,
    ],
    ['PSS in place of PKCS#1', 'rsa2048', 'RSA_PKCS1_SHA_256', pss(32), /--algorithm RSA_PSS_SHA_256$/],
    ['other data under PSS', 'rsa2048', 'RSA_PSS_SHA_256', pss(32), /over other data/],
    ['other data under PKCS#1', 'rsa2048', 'RSA_PKCS1_SHA_256', pkcs1('sha256'), /over other data/],
    ['the longest salt', 'rsa2048', 'RSA_PSS_SHA_256', pss(222), /salt has 222 bytes/],
    ['no salt', 'rsa2048', 'RSA_PSS_SHA_256', pss(0), /salt has 0 bytes/],
    ['SHA-1', 'rsa2048', 'RSA_PKCS1_SHA_256', pkcs1('sha1'), /over SHA-1, but/],
    ['SHA-512', 'rsa2048', 'RSA_PSS_SHA_256', pkcs1('sha512'), /over SHA-512, but/],
    ['another key of the same size', 'rsa2048', 'RSA_PSS_SHA_256', Buffer.alloc(256, 1), /another key/],
    ['more than the modulus', 'rsa2048', 'RSA_PSS_SHA_256', Buffer.alloc(256, 255), /another key/],
    [
      'a key of another size',
      'rsa2048',
      'RSA_PSS_SHA_256',
      pkcs1('sha256', 'rsa3072'),
      /has 384 bytes, but .* 256$/,
    ],
    ['ECDSA under RSA', 'rsa2048', 'RSA_PSS_SHA_256', ecdsa('der'), /bytes, but/],
    ['RSA under ECDSA', 'prime256v1', 'ECDSA_SHA_256', pkcs1('sha256'), /no ECDSA signature/],
    ['r and s of JWT', 'prime256v1', 'ECDSA_SHA_256', ecdsa('ieee-p1363'), /side by side/],
    [
      'other data under ECDSA',
      'prime256v1',
      'ECDSA_SHA_256',
      ecdsa('der'),
      /the data were changed, or another key/,
    ],
  ])('%s', (_what, name, algorithm, signature, expected) => {
    const [first = ''] = explainMisfit({ publicKey: publicKeyOf(name), algorithm, signature });
    expect(first).toMatch(expected);
  });
});

describe('a signature file', () => {
  const raw = openssl('prime256v1', []);
  const base64 = raw.toString('base64');

  it.each([
    ['raw bytes', raw],
    ['base64', Buffer.from(base64)],
    ['base64 in lines of Windows', Buffer.from(`${base64.slice(0, 40)}\r\n${base64.slice(40)}\r\n`)],
    ['URL-safe base64 without padding', Buffer.from(raw.toString('base64url'))],
  ])('may be %s', (_what, file) => {
    expect(parseSignature(file, 'x.sig')).toEqual(raw);
  });

  it.each([
    ['nothing', '', 'is empty'],
    ['white space', ' \n', 'is empty'],
    [
      'base64 with padding inside',
      `${base64.slice(0, 8)}=${base64.slice(8)}`,
      'looks like base64 but is cut off or damaged',
    ],
    ['base64 that was cut off', base64.slice(0, 41), 'looks like base64 but is cut off or damaged'],
    ['JSON', `{"Value":"${base64}"}`, 'is JSON, not a signature'],
    ['UTF-16', Buffer.from(`\ufeff${base64}`, 'utf16le'), 'is UTF-16 text'],
    ['PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n', 'is PEM, not a signature'],
    ['a long file', Buffer.alloc(2000, 0), 'is too long to be a signature'],
  ])('must not be %s', (_what, file, problem) => {
    expect(() => parseSignature(Buffer.from(file), 'x.sig')).toThrow(
      expect.objectContaining({ code: 'invalid-signature', message: `"x.sig" ${problem}` }),
    );
  });

  it('reads back any bytes that are spelled as base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 512 }), (bytes) => {
        const spelled = Buffer.from(bytes).toString('base64');
        expect(parseSignature(Buffer.from(spelled), 's')).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
