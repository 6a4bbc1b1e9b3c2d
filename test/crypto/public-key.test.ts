import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { normalizeFingerprint, parsePublicKey, requireEncryptionKey } from '../../src/crypto/public-key.js';
import { KmsAsymError } from '../../src/errors.js';
import { fixture } from '../fixtures.js';

const fixtures = inject('fixtures');
const read = (name: string) => fixture(fixtures, name);

function refusal(bytes: Uint8Array): KmsAsymError {
  try {
    parsePublicKey(bytes, 'FILE');
  } catch (error) {
    if (error instanceof KmsAsymError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

it('gives one fingerprint to one key however it is written, and openssl agrees', () => {
  const forms = ['rsa2048.pem', 'rsa2048.der', 'rsa2048.pkcs1.pem', 'rsa2048.pkcs1.der'];
  const fingerprints = new Set(forms.map((name) => parsePublicKey(read(name), name).fingerprint));
  const der = join(fixtures, 'rsa2048.der');
  const digest = execFileSync('openssl', ['dgst', '-sha256', '-binary', der]).toString('base64');
  expect([...fingerprints]).toEqual([digest.replace('=', '')]);
});

it.each([
  ['rsa2048.pem', 'RSA_2048', 256],
  ['rsa3072.pem', 'RSA_3072', 384],
  ['rsa4096.pem', 'RSA_4096', 512],
] as const)('reads %s as a key that encrypts', (name, keySpec, modulusBytes) => {
  const key = requireEncryptionKey(parsePublicKey(read(name), name), name);
  expect(key).toMatchObject({ keySpec, modulusBytes });
});

it.each([
  ['prime256v1.pem', 'EC_P256'],
  ['secp256k1.pem', 'EC_P256K'],
] as const)('reads %s, but not as a key that encrypts', (name, keySpec) => {
  const key = parsePublicKey(read(name), name);
  expect(key.keySpec).toBe(keySpec);
  expect(() => requireEncryptionKey(key, name)).toThrow(
    `"${name}" holds an ${keySpec} key, which signs but cannot encrypt`,
  );
});

describe('what is given in place of a public key is named', () => {
  const utf16 = Buffer.concat([
    Buffer.from([0xff, 0xfe]),
    Buffer.from(read('rsa2048.pem').toString(), 'utf16le'),
  ]);
  const json = JSON.stringify({ KeyId: 'k', PublicKey: read('rsa2048.pem').toString() });
  const pem = read('rsa2048.pem').toString();
  it.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.alloc(0), 'is empty'],
    ['white space', Buffer.from(' \n'), 'is empty'],
    ['a PKCS#1 private key', read('rsa2048.key'), 'is a private key'],
    ['a PKCS#8 private key', read('rsa2048.pkcs8.key'), 'is a private key'],
    ['a private key in DER', read('rsa2048.pkcs8.der'), 'is a private key'],
    ['an EC private key', read('prime256v1.key'), 'is a private key'],
    [
      'a private key beside its public key',
      Buffer.from(pem + read('rsa2048.key').toString()),
      'is a private key',
    ],
    ['a certificate', read('certificate.pem'), 'is a certificate,'],
    ['a certificate in DER', read('certificate.der'), 'is a certificate,'],
    ['a certificate request', read('request.pem'), 'is a certificate request'],
    ['an SSH key', Buffer.from('ssh-rsa AAAAB3NzaC1yc2E= someone'), 'is an SSH public key'],
    ['the answer of GetPublicKey', Buffer.from(json), 'is JSON'],
    ['a PEM with escaped newlines', Buffer.from(pem.replaceAll('\n', '\\n')), 'with "\\n" spelled out'],
    ['UTF-16', utf16, 'is UTF-16 text'],
    ['two keys', Buffer.from(pem + pem), 'holds 2 PEM blocks'],
    ['broken base64', Buffer.from(pem.replace('MII', 'M!I')), 'its base64 is broken'],
    ['a damaged structure', Buffer.from(pem.replace('MII', 'AII')), 'does not hold a readable public key'],
    ['any text', Buffer.from('hello'), 'does not hold a readable public key'],
    ['any DER', Buffer.from([0x30, 0x03, 0x02, 0x01, 0x00]), 'does not hold a readable public key'],
    ['a short RSA key', read('rsa1024.pem'), 'an RSA key of 1024 bits, which is too short'],
    ['an RSA key of odd size', read('rsa2560.pem'), 'an RSA key of 2560 bits, a size that KMS does not have'],
    ['an unknown curve', read('secp384r1.pem'), 'a key of type ec secp384r1'],
    ['an Ed25519 key', read('ed25519.pem'), 'a key of type ed25519'],
  ])('%s', (_what, bytes, message) => {
    const error = refusal(bytes);
    expect(error.code).toBe('invalid-public-key');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('PRIVATE');
  });
});

it('refuses an RSA key whose exponent leaves the plaintext readable', () => {
  const der = Buffer.from(read('rsa2048.der'));
  // The exponent 65537 closes the structure: 02 03 01 00 01. Give it the even value 65538.
  expect(der.subarray(-5).toString('hex')).toBe('0203010001');
  der[der.length - 1] = 2;
  expect(refusal(der).message).toContain('unusable exponent 65538');
});

it('gives one fingerprint to a key that OpenSSL puts up with in another spelling', () => {
  const der = read('rsa2048.der');
  const odd = Buffer.from(der);
  // The NULL behind the algorithm becomes something else without content.
  odd[odd.indexOf(Buffer.from('0500', 'hex'))] = 0x0d;
  expect(parsePublicKey(odd, 'FILE').fingerprint).toBe(parsePublicKey(der, 'FILE').fingerprint);
  const longer = Buffer.concat([der, Buffer.from('more')]);
  expect(parsePublicKey(longer, 'FILE').fingerprint).toBe(parsePublicKey(der, 'FILE').fingerprint);
});

it('never lets a foreign error out, whatever bytes it is given', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(refusal(bytes).code).toBe('invalid-public-key');
    }),
  );
});

it.each([
  ['SHA256:', true],
  ['sha256:', true],
  ['', true],
  ['MD5:', false],
])('reads a fingerprint with prefix "%s": %s', (prefix, good) => {
  const { fingerprint } = parsePublicKey(read('rsa2048.pem'), 'FILE');
  expect(normalizeFingerprint(`${prefix}${fingerprint}`)).toBe(good ? fingerprint : undefined);
  expect(normalizeFingerprint(`${prefix}${fingerprint}=`)).toBe(good ? fingerprint : undefined);
  expect(normalizeFingerprint(`${prefix}${fingerprint}A`)).toBeUndefined();
});
