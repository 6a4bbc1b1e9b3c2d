import { constants, createPrivateKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { oaepDecode } from '../../../src/emulator/hsm/oaep-decode.js';
import { fixture } from '../../fixtures.js';
import { encodeOaep } from './oaep-block.js';

const key = createPrivateKey(fixture(inject('fixtures'), 'rsa2048.key'));
const hashes = fc.constantFrom('sha256' as const, 'sha1' as const);

describe('oaepDecode', () => {
  it('agrees with what OpenSSL encoded', () => {
    fc.assert(
      fc.property(hashes, fc.uint8Array({ maxLength: 190 }), (hash, message) => {
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        const ciphertext = publicEncrypt({ key, padding, oaepHash: hash }, message);
        const encoded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
        expect(oaepDecode(encoded, hash)).toEqual(Buffer.from(message));
      }),
      { numRuns: 50 },
    );
  });

  it('decodes every message of every block that is long enough', () => {
    fc.assert(
      fc.property(hashes, fc.uint8Array({ maxLength: 100 }), fc.nat(100), (hash, message, spare) => {
        const hashBytes = hash === 'sha256' ? 32 : 20;
        const encoded = encodeOaep(2 * hashBytes + 2 + message.length + spare, { hash, message });
        expect(oaepDecode(encoded, hash)).toEqual(Buffer.from(message));
      }),
    );
  });

  it('refuses every block with one bit changed', () => {
    const encoded = encodeOaep(256, { hash: 'sha256', message: Buffer.from('message') });
    for (let bit = 0; bit < 256 * 8; bit += 1) {
      const changed = Buffer.from(encoded);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(oaepDecode(changed, 'sha256')).toBeUndefined();
    }
  });

  it('refuses every byte but 1 as the separator', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const padding = (length: number) => Buffer.concat([Buffer.alloc(length - 1), Buffer.of(byte)]);
      const encoded = encodeOaep(256, { hash: 'sha1', message: Buffer.alloc(9), padding });
      expect(oaepDecode(encoded, 'sha1')?.length).toBe(byte === 1 ? 9 : undefined);
    }
  });

  it('refuses random blocks', () => {
    fc.assert(
      fc.property(hashes, fc.uint8Array({ minLength: 66, maxLength: 256 }), (hash, block) => {
        expect(oaepDecode(Buffer.from(block), hash)).toBeUndefined();
      }),
    );
  });
});
