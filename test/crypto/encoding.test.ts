import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asBuffer, decodeBase64, encodeBase64 } from '../../src/crypto/encoding.js';

it('decodes what it encoded, for all bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeBase64(encodeBase64(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});

it('accepts one spelling of a value only', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 24 }), (text) => {
      const bytes = decodeBase64(text);
      if (bytes) expect(encodeBase64(bytes)).toBe(text);
    }),
  );
});

it.each([
  ['missing padding', 'AA'],
  ['too much padding', 'AAA=='],
  ['unused bits set', 'AB=='],
  ['a newline', 'AAAA\n'],
  ['a space', 'AA AA'],
  ['the URL-safe alphabet', '-_-_'],
  ['padding inside', 'AA==AAAA'],
  ['a foreign character', 'AAA*'],
])('refuses %s', (_what, text) => {
  expect(decodeBase64(text)).toBeUndefined();
});

it('views the same memory as a Buffer', () => {
  const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const buffer = asBuffer(bytes);
  expect(buffer).toEqual(Buffer.from([2, 3]));
  buffer[0] = 9;
  expect(bytes[0]).toBe(9);
});
