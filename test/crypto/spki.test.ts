import { createPublicKey } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { isRsaSpki } from '../../src/crypto/spki.js';
import { fixture } from '../fixtures.js';

const spki = (name: string): Buffer =>
  createPublicKey(fixture(inject('fixtures'), `${name}.pem`)).export({ type: 'spki', format: 'der' });

it.each([
  ['rsa2048', true],
  ['rsa3072', true],
  ['rsa4096', true],
  ['rsa1024', false],
  ['rsa2560', false],
  ['prime256v1', false],
])('what OpenSSL writes of %s is the one spelling of a key of the service: %s', (name, expected) => {
  expect(isRsaSpki(spki(name))).toBe(expected);
});

it('any other byte outside the modulus makes something else of it, and so does any other length', () => {
  const der = spki('rsa2048');
  for (const place of [...Array.from({ length: 34 }, (_, index) => index), ...[290, 291, 292, 293]]) {
    const changed = Buffer.from(der);
    // In the modulus only its highest bit counts.
    changed[place] = (changed[place] ?? 0) ^ 0x80;
    expect(isRsaSpki(changed)).toBe(false);
  }
  expect(isRsaSpki(der.subarray(0, -1))).toBe(false);
  expect(isRsaSpki(Buffer.concat([der, Buffer.alloc(1)]))).toBe(false);
});
