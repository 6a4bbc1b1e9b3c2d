import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import {
  maxPlaintextBytes,
  OAEP_ALGORITHMS,
  isOaepAlgorithm,
  type OaepAlgorithmName,
} from '../../src/crypto/algorithms.js';
import { encryptOaep } from '../../src/crypto/oaep.js';
import { parsePublicKey, requireEncryptionKey } from '../../src/crypto/public-key.js';
import { fixture } from '../fixtures.js';

const fixtures = inject('fixtures');

function opensslDecrypt(name: string, hash: string, ciphertext: Buffer): Buffer {
  const path = join(fixtures, `${name}.${hash}.enc`);
  writeFileSync(path, ciphertext);
  const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`].flatMap((o) => [
    '-pkeyopt',
    o,
  ]);
  return execFileSync('openssl', [
    ...['pkeyutl', '-decrypt', '-in', path, '-inkey', join(fixtures, `${name}.key`)],
    ...options,
  ]);
}

describe.each([
  ['rsa2048', 'RSAES_OAEP_SHA_256', 190],
  ['rsa3072', 'RSAES_OAEP_SHA_256', 318],
  ['rsa4096', 'RSAES_OAEP_SHA_256', 446],
  ['rsa2048', 'RSAES_OAEP_SHA_1', 214],
  ['rsa3072', 'RSAES_OAEP_SHA_1', 342],
  ['rsa4096', 'RSAES_OAEP_SHA_1', 470],
] as const)('%s with %s', (name, algorithm: OaepAlgorithmName, limit) => {
  const key = requireEncryptionKey(parsePublicKey(fixture(fixtures, `${name}.pem`), name), name);

  it(`carries at most ${limit} bytes`, () => {
    expect(maxPlaintextBytes(key.modulusBytes, algorithm)).toBe(limit);
    expect(() => encryptOaep(key, Buffer.alloc(limit + 1), algorithm)).toThrow(
      `the input is longer than the ${limit} bytes that an ${key.keySpec} key can encrypt`,
    );
  });

  it.each([0, 1, limit])('encrypts %i bytes to what openssl decrypts', (size) => {
    const plaintext = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
    const ciphertext = encryptOaep(key, plaintext, algorithm);
    expect(ciphertext.length).toBe(key.modulusBytes);
    expect(opensslDecrypt(name, OAEP_ALGORITHMS[algorithm].hash, ciphertext)).toEqual(plaintext);
  });
});

it('knows the algorithms of the service and no property of objects', () => {
  expect(isOaepAlgorithm('RSAES_OAEP_SHA_256')).toBe(true);
  expect(isOaepAlgorithm('toString')).toBe(false);
});
