import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCiphertext } from '../../src/crypto/ciphertext.js';
import { KmsAsymError } from '../../src/errors.js';

const raw = randomBytes(256);
raw[0] = 0; // never all base64
const base64 = raw.toString('base64');
const wrapped = base64.replace(/.{64}/g, '$&\n');
const text = (value: string) => Buffer.from(value, 'latin1');
const MARK = Buffer.from([0xff, 0xfe]);
const withLineBreaks = Buffer.alloc(256, 0xaa);
withLineBreaks.write('\n', 7);
withLineBreaks.write('\n', 200);
const crlf = (bytes: Buffer) => text(bytes.toString('latin1').replaceAll('\n', '\r\n'));

describe('one ciphertext reads the same in every spelling', () => {
  it.each<[string, Buffer]>([
    ['raw', raw],
    ['base64 on one line', text(base64)],
    ['with a newline', text(`${base64}\n`)],
    ['wrapped as openssl does', text(wrapped)],
    ['wrapped with CRLF', text(wrapped.replaceAll('\n', '\r\n'))],
    ['URL-safe', text(raw.toString('base64url'))],
    ['without padding', text(base64.replace(/=+$/, ''))],
    ['indented', text(`   ${base64}  `)],
  ])('%s', (_what, input) => {
    expect(parseCiphertext(input, 'FILE').bytes).toEqual(raw);
  });
});

it.each([256, 384, 512])('takes %i bytes raw and as base64', (size) => {
  const bytes = randomBytes(size);
  bytes[0] = 0;
  expect(parseCiphertext(bytes, 'FILE')).toEqual({ bytes, encoding: 'raw' });
  expect(parseCiphertext(text(bytes.toString('base64')), 'FILE')).toEqual({ bytes, encoding: 'base64' });
});

describe('damage is named by its cause', () => {
  const utf16 = Buffer.from(base64, 'utf16le');
  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'is empty'],
    ['only white space', text(' \r\n'), 'is empty'],
    ['base64 of base64', text(text(base64).toString('base64')), 'it was encoded twice'],
    ['a word', text('password'), 'has 8 bytes, but an RSA ciphertext has 256, 384, 512'],
    ['base64 that lost its end', text(base64.slice(0, 301)), 'cut off or damaged'],
    ['base64 that lost whole groups', text(base64.slice(0, 300)), 'is base64 of 225 bytes'],
    ['UTF-16 from PowerShell', Buffer.concat([MARK, utf16]), 'is base64 as UTF-16 text'],
    ['UTF-16 without a mark', utf16, 'is base64 as UTF-16 text'],
    [
      'raw bytes that PowerShell took for text',
      Buffer.concat([MARK, Buffer.from(raw.toString('latin1'), 'utf16le')]),
      'is UTF-16 text: a shell took the ciphertext for text, and bytes were lost',
    ],
    ['big-endian UTF-16', Buffer.concat([MARK, utf16]).swap16(), 'is base64 as UTF-16 text'],
    ['raw bytes decoded as UTF-8', Buffer.from(raw.toString('utf8')), 'was taken for text on its way'],
    ['a byte order mark', text(`\xef\xbb\xbf${base64}`), 'behind a byte order mark'],
    ['a whole JSON answer', text(`{"CiphertextBlob":"${base64}"}`), 'is a whole JSON answer'],
    ['another JSON answer', text(`{"Plaintext":"${base64}"}`), 'has no "CiphertextBlob" either'],
    [
      'a whole JSON answer that PowerShell wrote',
      Buffer.concat([MARK, Buffer.from(`{\r\n  "CiphertextBlob": "${base64}"\r\n}`, 'utf16le')]),
      'is a whole JSON answer as UTF-16 text',
    ],
    ['quotation marks', text(`"${base64}"\n`), 'is base64 in quotation marks'],
    ['quotation marks around lines', text(`'${wrapped.replaceAll('\n', '\\n')}'`), 'in quotation marks'],
    ['empty quotation marks', text('""'), 'has 2 bytes, but'],
    ['quoted words', text('"hello, world"'), 'has 14 bytes, but'],
    ['hexadecimal text', text(`${raw.toString('hex')}\n`), 'is hexadecimal text'],
    ['a newline behind it', Buffer.concat([raw, text('\n')]), 'a line break behind the 256 bytes'],
    ['CRLF behind it', Buffer.concat([raw, text('\r\n')]), 'a line break behind the 256 bytes'],
    ['CRLF for LF', crlf(withLineBreaks), '258 bytes in place of 256: every LF became CRLF'],
    ['something behind it', Buffer.concat([raw, text('xyz')]), 'a little more than the 256'],
    ['the end missing', raw.subarray(0, 250), 'has 250 bytes, but'],
    [
      'base64 of an age file',
      text(btoa('age-encryption.org/v1\n-> X25519 abc\n')),
      'is base64 of an age file',
    ],
    ['base64 of age armor', text(btoa('-----BEGIN AGE ENCRYPTED FILE-----\n')), 'is base64 of an age file'],
    [
      'age armor as UTF-16',
      Buffer.from('-----BEGIN AGE ENCRYPTED FILE-----\n', 'utf16le'),
      'an age file as UTF-16',
    ],
    [
      'age armor as UTF-16 with a mark',
      Buffer.from('\ufeff-----BEGIN AGE ENCRYPTED FILE-----\n', 'utf16le'),
      'an age file as UTF-16',
    ],
    [
      'age armor behind a mark',
      Buffer.from('\ufeff-----BEGIN AGE ENCRYPTED FILE-----\n'),
      'is an age file behind a byte order mark',
    ],
    [
      'age armor behind a mark and empty lines',
      Buffer.from('\r\n\ufeff\r\n-----BEGIN AGE ENCRYPTED FILE-----\n'),
      'is an age file behind a byte order mark',
    ],
    [
      'an age file behind a mark',
      text('\xef\xbb\xbfage-encryption.org/v1\n-> X25519 abc\n'),
      'has something before its age header that does not belong there',
    ],
    [
      'an age file behind white space',
      text('\r\n age-encryption.org/v1\n-> X25519 abc\n'),
      'has something before its age header that does not belong there',
    ],
    ['anything else', text('hello, world'), 'has 12 bytes, but an RSA ciphertext has 256, 384, 512'],
  ])('%s', (_what, input, message) => {
    expect(() => parseCiphertext(input, 'FILE')).toThrow(message);
  });
});

it.each<[string, Buffer, string]>([
  ['text', text('A=1\n'), 'it is no age file either: perhaps it is not encrypted at all'],
  [
    'a ciphertext without its end',
    raw.subarray(0, 250),
    'it lost its end on the way: copy the whole file again',
  ],
  [
    'an age file behind a mark',
    text('\xef\xbb\xbfage-encryption.org/v1\n'),
    'cut it off: tail -c +4 FILE > FIXED',
  ],
])('%s comes with one hint', (_what, input, hint) => {
  expect(() => parseCiphertext(input, 'FILE')).toThrow(expect.objectContaining({ hints: [hint] }));
});

it('gives a ciphertext of a known size or a clear error, whatever it reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      try {
        expect([256, 384, 512]).toContain(parseCiphertext(Buffer.from(bytes), 'FILE').bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(KmsAsymError);
        expect((error as KmsAsymError).code).toBe('invalid-ciphertext');
      }
    }),
  );
});
