import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { openHeader } from '../../src/age/open-header.js';
import { sealHeader } from '../../src/age/seal-header.js';
import {
  encodeHeader,
  HeaderParser,
  MAX_HEADER_BYTES,
  MAX_STANZAS,
  verifyHeader,
  type Header,
} from '../../src/age/header.js';
import { KmsRecipient, parseKmsStanza } from '../../src/age/kms-stanza.js';
import type { Identity } from '../../src/age/recipient.js';
import { RECOGNITION_BYTES, recognizeAge } from '../../src/age/recognition.js';
import { encodeStanza, StanzaParser, type Stanza } from '../../src/age/stanza.js';
import { KmsAsymError } from '../../src/errors.js';
import { publicKeyOf, RSA_KEYS, tellFileKey } from './identities.js';
import { collect, outcomeOf, pieces } from './streams.js';
import { decrypt, encrypt } from './whole-files.js';

const fixtures = inject('fixtures');
const FILE_KEY = Buffer.alloc(16, 3);
const argument = fc.stringMatching(/^[!-~]{1,20}$/);
const stanza: fc.Arbitrary<Stanza> = fc.record({
  type: argument,
  args: fc.array(argument, { maxLength: 4 }),
  body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});

function parse(text: string | Buffer, ...sizes: number[]): Header | undefined {
  const parser = new HeaderParser();
  for (const piece of pieces(Buffer.from(text), ...sizes)) {
    const header = parser.push(piece);
    if (header) return header;
  }
  return undefined;
}

describe('a header', () => {
  it('comes back from its text, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(stanza, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 300 }),
        (stanzas, size) => {
          const text = encodeHeader(stanzas, FILE_KEY);
          const header = parse(Buffer.concat([text, Buffer.from('payload\n')]), size);
          expect(header?.stanzas).toEqual(stanzas);
          expect(header?.length).toBe(text.length);
          expect(header && verifyHeader(header, FILE_KEY)).toBe(true);
          expect(header && verifyHeader(header, Buffer.alloc(16))).toBe(false);
        },
      ),
    );
  });

  it('is undecided until its last byte', () => {
    const text = encodeHeader([{ type: 'a', args: [], body: Buffer.alloc(48) }], FILE_KEY);
    expect(parse(text.subarray(0, -1))).toBeUndefined();
    expect(parse(text)).toBeDefined();
  });

  it('has one spelling: any other is refused, or is another header', () => {
    const text = encodeHeader([{ type: 'type', args: ['b'], body: Buffer.alloc(60, 5) }], FILE_KEY);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(255), (place, byte) => {
        const changed = Buffer.from(text);
        changed[place] = byte;
        const header = ((): Header | undefined => {
          try {
            return parse(changed);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid-ciphertext' });
            return undefined;
          }
        })();
        if (!header) return;
        expect(verifyHeader(header, FILE_KEY)).toBe(changed.equals(text));
        const again = encodeHeader(header.stanzas, FILE_KEY);
        expect(again.subarray(0, -44).equals(changed.subarray(0, -44))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['something else', 'hello\n', 'this is no age file'],
    ['version 2', 'age-encryption.org/v2\n', 'the age file has a version that this program does not know'],
    ['a control character', 'age-encryption.org/v1\t\n', 'not printable ASCII'],
    ['a blank argument', 'age-encryption.org/v1\n-> a  b\n', 'arguments that are empty'],
    ['no type', 'age-encryption.org/v1\n-> \n', 'arguments that are empty'],
    ['a long line', `age-encryption.org/v1\n-> a\n${'A'.repeat(65)}\n`, 'more than 64 columns'],
    ['padding', 'age-encryption.org/v1\n-> a\nAA==\n', 'not canonical base64'],
    ['unused bits', 'age-encryption.org/v1\n-> a\nAB\n', 'not canonical base64'],
    ['no stanza', `age-encryption.org/v1\n--- ${'A'.repeat(43)}\n`, 'has no stanzas'],
    [
      'a MAC with unused bits',
      `age-encryption.org/v1\n-> a\n\n--- ${'A'.repeat(42)}B\n`,
      'neither a stanza nor a MAC',
    ],
    ['a short MAC', 'age-encryption.org/v1\n-> a\n\n--- AAAA\n', 'neither a stanza nor a MAC'],
    [
      'too many bytes',
      `age-encryption.org/v1\n-> ${'a'.repeat(MAX_HEADER_BYTES)}`,
      'longer than 1048576 bytes',
    ],
  ])('with %s is refused', (_what, text, message) => {
    for (const size of [1, 1000, 10_000_000]) {
      if (size > 1 || text.length < 1000) expect(() => parse(text, size)).toThrow(message);
    }
  });

  it('that is not text says what may have happened', () => {
    expect(() => parse('age-encryption.org/v1\r\n')).toThrow(
      expect.objectContaining({ hints: [expect.stringContaining('CRLF')] }) as Error,
    );
  });

  it('cannot be made without stanzas, nor for more than are read', () => {
    const many = (length: number) =>
      Array.from({ length }, () => ({ type: 'a', args: [], body: Buffer.alloc(0) }));
    expect(() => encodeHeader([], FILE_KEY)).toThrow('without stanzas');
    expect(encodeHeader(many(MAX_STANZAS), FILE_KEY)).toBeDefined();
    expect(() => encodeHeader(many(MAX_STANZAS + 1), FILE_KEY)).toThrow(
      expect.objectContaining({
        code: 'input-too-large',
        message: 'an age header has at most 64 stanzas, not 65',
      }) as Error,
    );
  });

  it.each(['', 'a b', 'ä', 'a\n'])('cannot be made with the argument %j', (text) => {
    expect(() => encodeStanza({ type: 'a', args: [text], body: Buffer.alloc(0) })).toThrow('not printable');
  });

  it('that is cut off is refused', async () => {
    const { error } = await outcomeOf(decrypt([], [Buffer.from('age-encryption.org/v1\n')]));
    expect(error?.message).toBe('the age header is cut off');
  });
});

describe('a stanza', () => {
  it.each([0, 1, 47, 48, 49, 96, 256, 384, 512])(
    'with a body of %i bytes ends with a short line',
    (length) => {
      const body = Buffer.alloc(length, 0xa5);
      const lines = encodeStanza({ type: 'a', args: ['b'], body }).split('\n');
      expect(lines.length).toBe(Math.floor(length / 48) + 3);
      expect(lines.at(-2)?.length).toBeLessThan(64);
      const parser = new StanzaParser(lines[0] ?? '');
      const results = lines.slice(1, -1).map((line) => parser.push(line));
      expect(results.at(-1)).toEqual({ type: 'a', args: ['b'], body });
      expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
    },
  );

  it.each(RSA_KEYS)('for %s says which key it is for', (name) => {
    const key = publicKeyOf(fixtures, name);
    const locator = { region: 'cn-hangzhou', keyId: 'key-1', keyVersionId: 'version-1' };
    for (const [given, expected] of [
      [locator, locator],
      [{}, undefined],
      [{ keyId: 'key-1', region: 'cn-hangzhou' }, undefined],
    ] as const) {
      const [made] = new KmsRecipient(key, given).wrap(FILE_KEY);
      const parsed = made && parseKmsStanza(made);
      expect(parsed).toMatchObject({ algorithm: 'RSAES_OAEP_SHA_256', fingerprint: key.fingerprint });
      expect(parsed?.locator).toEqual(expected);
      expect(parsed?.ciphertext.length).toBe(key.modulusBytes);
    }
  });

  it('of another type is left alone, whatever is in it', () => {
    for (const type of ['X25519', 'ALIKMS', 'alikms2', 'example.com/alikms']) {
      expect(parseKmsStanza({ type, args: [], body: Buffer.alloc(0) })).toBeUndefined();
    }
  });
});

describe('a file key', () => {
  it('is wiped when it has served, or cannot', async () => {
    const keys: Uint8Array[] = [];
    const keep = {
      wrap: (fileKey: Uint8Array) => (keys.push(fileKey), [{ type: 'a', args: [], body: FILE_KEY }]),
    };
    const fail = { wrap: () => Promise.reject(new KmsAsymError('network', 'no')) };
    await collect(encrypt([keep], [Buffer.from('x')]));
    await expect(sealHeader([keep, fail])).rejects.toMatchObject({ code: 'network' });
    await expect(sealHeader([])).rejects.toThrow('stanzas');
    expect(keys).toEqual([Buffer.alloc(16), Buffer.alloc(16)]);
  });

  it('is wiped after decryption, and when the MAC is wrong', async () => {
    const keys: Buffer[] = [];
    let right: Buffer = Buffer.alloc(0);
    const file = await collect(encrypt([tellFileKey((key) => (right = key))], [Buffer.from('x')]));
    const identityOf = (key: Buffer): Identity => ({
      unwrap: () => {
        keys.push(Buffer.from(key));
        return Promise.resolve(keys.at(-1));
      },
    });
    expect((await collect(decrypt([identityOf(right)], [file]))).toString()).toBe('x');
    expect((await outcomeOf(decrypt([identityOf(FILE_KEY)], [file]))).error?.message).toContain('MAC');
    expect(keys).toEqual([Buffer.alloc(16), Buffer.alloc(16)]);
  });

  it('is looked for by one identity after the other', async () => {
    const { header, fileKey } = await sealHeader([tellFileKey(() => undefined)]);
    const nobody: Identity = { unwrap: () => Promise.resolve(undefined) };
    const parsed = parse(header);
    if (!parsed) throw new Error('no header');
    const found = await openHeader([nobody, { unwrap: () => Promise.resolve(Buffer.from(fileKey)) }], parsed);
    expect(fileKey.equals(found)).toBe(true);
    await expect(openHeader([nobody], parsed)).rejects.toThrow(
      'no key at hand opens the file: it is for "test"',
    );
  });
});

describe('recognition', () => {
  const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
  it.each([
    ['age-encryption.org/v1\n-> ', 'binary'],
    ['age-encryption.org/v9', 'binary'],
    ['age-encryption.org', undefined],
    [' age-encryption.org/v1', undefined],
    [BEGIN, 'armor'],
    [` \r\n\t${BEGIN}\r\n`, 'armor'],
    [`${' '.repeat(RECOGNITION_BYTES - BEGIN.length)}${BEGIN}`, 'armor'],
    [`${' '.repeat(RECOGNITION_BYTES - BEGIN.length + 1)}${BEGIN}`, undefined],
    ['-----BEGIN PUBLIC KEY-----', undefined],
    ['', undefined],
  ])('of %j', (text, encoding) => {
    expect(recognizeAge(Buffer.from(text))).toBe(encoding);
  });
});
