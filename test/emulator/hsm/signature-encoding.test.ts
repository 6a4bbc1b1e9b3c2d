import { constants, createPrivateKey, createPublicKey, privateEncrypt, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { ecdsaDer, emsaPssEncode } from '../../../src/emulator/hsm/signature-encoding.js';
import { createHash } from 'node:crypto';
import { fixture } from '../../fixtures.js';

describe('ecdsaDer', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

  it.each([
    ['01', '02', '3006 020101 020102'],
    ['7f', '80', '3007 02017f 02020080'],
    ['0000', '0001', '3006 020100 020101'],
    ['00ff', '0100', '3008 020200ff 02020100'],
    ['ff'.repeat(32), '80'.repeat(32), `3046 022100${'ff'.repeat(32)} 022100${'80'.repeat(32)}`],
  ])('writes r = %s and s = %s in the shortest way', (r, s, der) => {
    expect(ecdsaDer(hex(r + s))).toEqual(hex(der));
  });

  it('says the same as the fixed-length form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (raw) => {
        const der = Buffer.from(ecdsaDer(raw));
        const rBytes = der[3] ?? 0;
        const r = der.subarray(4, 4 + rBytes);
        const s = der.subarray(6 + rBytes);
        const integer = (bytes: Uint8Array) => BigInt(`0x00${Buffer.from(bytes).toString('hex')}`);
        expect([der[0], der[1], der[2]]).toEqual([0x30, der.length - 2, 0x02]);
        expect([integer(r), integer(s)]).toEqual([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
        expect((r[0] ?? 0) & 0x80).toBe(0);
        expect((s[0] ?? 0) & 0x80).toBe(0);
      }),
    );
  });
});

describe('emsaPssEncode', () => {
  it.each(['rsa2048', 'rsa3072', 'rsa4096'])('is what OpenSSL verifies with %s', (name) => {
    const key = createPrivateKey(fixture(inject('fixtures'), `${name}.key`));
    const modulusBytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    for (let round = 0; round < 16; round += 1) {
      const message = Buffer.of(round);
      const encoded = emsaPssEncode(createHash('sha256').update(message).digest(), modulusBytes);
      const signature = privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
      const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      expect(verify('sha256', message, { key: createPublicKey(key), ...options }, signature)).toBe(true);
    }
  });
});
