import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { parsePublicKey } from '../../src/crypto/public-key.js';
import {
  checkFingerprint,
  formatPublicKeyFile,
  parsePublicKeyFile,
} from '../../src/crypto/public-key-file.js';
import { fixture } from '../fixtures.js';

const fixtures = inject('fixtures');
const pem = fixture(fixtures, 'rsa2048.pem').toString();
const key = parsePublicKey(Buffer.from(pem), 'FILE');
const locator = {
  keyId: 'key-hzz62f1cb66fa42qo1234',
  keyVersionId: '2ab1a983-7072-4bbc-a582-584b5bd8c1ef',
  region: 'cn-hangzhou',
};
const file = formatPublicKeyFile(pem, key, locator);
const parse = (text: string) => parsePublicKeyFile(Buffer.from(text), 'FILE');

it('names the key in lines before the PEM, which it keeps byte for byte', () => {
  expect(file).toBe(
    `KeyId: ${locator.keyId}\nKeyVersionId: ${locator.keyVersionId}\nKeySpec: RSA_2048\nRegion: cn-hangzhou\n` +
      `Fingerprint: SHA256:${key.fingerprint}\n${pem}`,
  );
});

it('reads back what it wrote', () => {
  expect(parse(file)).toMatchObject(locator);
  expect(parse(file).publicKey.fingerprint).toBe(key.fingerprint);
});

it('reads a file with CRLF lines and with foreign lines', () => {
  expect(parse(`Comment: mine\n\n${file}`.replaceAll('\n', '\r\n'))).toMatchObject(locator);
});

it('knows nothing but the key of a bare PEM or of DER', () => {
  expect(Object.keys(parse(pem))).toEqual(['publicKey']);
  expect(Object.keys(parsePublicKeyFile(fixture(fixtures, 'rsa2048.der'), 'FILE'))).toEqual(['publicKey']);
});

it('leaves out the lines it has no value for', () => {
  expect(formatPublicKeyFile(pem, key, {})).toBe(
    `KeySpec: RSA_2048\nFingerprint: SHA256:${key.fingerprint}\n${pem}`,
  );
});

it('is read by node, openssl, ssh-keygen and python as if the lines were not there', () => {
  const path = join(fixtures, 'described.pem');
  writeFileSync(path, file);
  expect(createPublicKey(file).equals(createPublicKey(pem))).toBe(true);
  expect(execFileSync('openssl', ['pkey', '-pubin', '-in', path], { encoding: 'utf8' })).toBe(pem);
  const ssh = execFileSync('ssh-keygen', ['-i', '-m', 'PKCS8', '-f', path], { encoding: 'utf8' });
  expect(ssh).toMatch(/^ssh-rsa AAAA/);
});

it.each([
  [
    'a key of another fingerprint',
    /^Fingerprint: .*$/m,
    `Fingerprint: SHA256:${'A'.repeat(43)}`,
    'fingerprint-mismatch',
  ],
  ['a key of another spec', 'RSA_2048', 'RSA_4096', 'invalid-public-key'],
  ['a malformed fingerprint', 'SHA256:', 'MD5:', 'invalid-public-key'],
  ['a KeyId with a slash', /^KeyId: .*$/m, 'KeyId: ../../etc', 'invalid-public-key'],
  ['an empty KeyId', /^KeyId: .*$/m, 'KeyId:', 'invalid-public-key'],
  ['a region that is a host', /^Region: .*$/m, 'Region: evil.example/', 'invalid-public-key'],
  ['a KeyId that stands twice', /^(KeyId: .*)$/m, '$1\n$1', 'invalid-public-key'],
])('refuses a file that names %s', (_what, from, to, code) => {
  const broken = file.replace(from, to);
  expect(broken).not.toBe(file);
  expect(() => parse(broken)).toThrow(expect.objectContaining({ code }));
});

it('accepts the expected fingerprint in either spelling and refuses any other', () => {
  checkFingerprint(key, `SHA256:${key.fingerprint}`, 'FILE');
  checkFingerprint(key, key.fingerprint, 'FILE');
  const other = parsePublicKey(fixture(fixtures, 'rsa3072.pem'), 'FILE').fingerprint;
  expect(() => {
    checkFingerprint(key, other, 'FILE');
  }).toThrow(expect.objectContaining({ code: 'fingerprint-mismatch' }));
  expect(() => {
    checkFingerprint(key, 'hello', 'FILE');
  }).toThrow(expect.objectContaining({ code: 'usage' }));
});
