/** Recipient and identity strings: one spelling each, whatever else is refused. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { bech32 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { decodeBech32, encodeBech32 } from '../../src/age/bech32.js';
import { decodeKmsIdentity, encodeKmsIdentity } from '../../src/age/kms-identity-string.js';
import { decodeKmsRecipient, encodeKmsRecipient } from '../../src/age/kms-recipient-string.js';
import { parsePublicKey, requireEncryptionKey } from '../../src/crypto/public-key.js';
import type { KeyLocator } from '../../src/crypto/key-locator.js';
import { KmsAsymError } from '../../src/errors.js';
import { publicKeyOf, RSA_KEYS } from './identities.js';

const fixtures = inject('fixtures');
const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-hzz62f1cb66fa42qo', keyVersionId: 'v-1' };
const RSA_2048 = encodeKmsRecipient({ key: publicKeyOf(fixtures, 'rsa2048'), locator: LOCATOR });

/** The modulus 2^2047 + 2^1024 + 1, with the exponent 65537: no secret, and the same for ever. */
const FIXED_KEY = createPublicKey({
  key: {
    kty: 'RSA',
    n: Buffer.from(`80${'00'.repeat(126)}01${'00'.repeat(127)}01`, 'hex').toString('base64url'),
    e: 'AQAB',
  },
  format: 'jwk',
});

function failure(run: () => unknown): KmsAsymError {
  try {
    run();
  } catch (error) {
    if (error instanceof KmsAsymError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** The string of any bytes, with a checksum that is right. */
const spell = (prefix: string, bytes: Iterable<number>): string =>
  encodeBech32({ prefix, bytes: Uint8Array.from(bytes) });
const bytesOf = (text: string): Buffer => Buffer.from(decodeBech32(text)?.bytes ?? []);
const field = (text: string): Buffer => Buffer.from([text.length, ...Buffer.from(text)]);

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,127}$/);
const locators = fc.record(
  { region: fc.constantFrom('cn-hangzhou', 'eu-central-1', 'xx-a-b-c-d'), keyId: id, keyVersionId: id },
  { requiredKeys: [] },
) as fc.Arbitrary<KeyLocator>;
const wholeLocators = locators.filter(
  ({ region, keyId, keyVersionId }) =>
    region !== undefined && keyId !== undefined && keyVersionId !== undefined,
) as fc.Arbitrary<Required<KeyLocator>>;

describe('a recipient', () => {
  it.each(RSA_KEYS)('of %s comes back as it was', (name) => {
    const key = publicKeyOf(fixtures, name);
    fc.assert(
      fc.property(wholeLocators, (locator) => {
        const text = encodeKmsRecipient({ key, locator });
        expect(text).toMatch(/^age1alikms1[02-9ac-hj-np-z]+$/);
        const parts = decodeKmsRecipient(text);
        expect(parts.locator).toEqual(locator);
        expect(parts.key.keyObject.equals(key.keyObject)).toBe(true);
        expect({ ...parts.key, keyObject: 0 }).toEqual({ ...key, keyObject: 0 });
      }),
      { numRuns: 25 },
    );
  });

  it('is spelled as documented, for ever', () => {
    const key = requireEncryptionKey(
      parsePublicKey(FIXED_KEY.export({ type: 'spki', format: 'der' }), 'k'),
      'k',
    );
    const text = encodeKmsRecipient({ key, locator: LOCATOR });
    const documented = Buffer.concat([
      Buffer.from([1, 1]),
      field('cn-hangzhou'),
      field('key-hzz62f1cb66fa42qo'),
      field('v-1'),
      Buffer.from(`3082010a028201010080${'00'.repeat(126)}01${'00'.repeat(127)}010203010001`, 'hex'),
    ]);
    expect(bytesOf(text).equals(documented)).toBe(true);
    expect(text).toBe(bech32.encode('age1alikms', bech32.toWords(documented), false));
    expect(text.slice(0, 64)).toBe('age1alikms1qyqskcmw945xzmn80f5x7ag4ddjhjttg0farvvnxx93kyd3kvesng');
  });

  it.each([
    ['in upper case', RSA_2048.toUpperCase()],
    ['in mixed case', RSA_2048.replace('age1', 'Age1')],
    ['cut off', RSA_2048.slice(0, -1)],
    ['with a character changed', RSA_2048.replace(/.(?=.{9}$)/, (c) => (c === 'q' ? 'p' : 'q'))],
    ['with a space', `${RSA_2048} `],
    ['of 100,000 characters', RSA_2048.padEnd(100_000, 'q')],
    ['of another plugin', spell('age1yubikey', bytesOf(RSA_2048))],
    ['of an X25519 key', spell('age', Buffer.alloc(32, 9))],
    ['that is an identity', encodeKmsIdentity(LOCATOR)],
    ['that is empty', ''],
  ])('%s is refused as damaged', (_what, text) => {
    const error = failure(() => decodeKmsRecipient(text));
    expect(error).toMatchObject({ code: 'invalid-public-key' });
    expect(error.message).toBe('the recipient "age1alikms1…" is damaged');
  });

  it('of a version to come says so', () => {
    const text = spell('age1alikms', [2, ...bytesOf(RSA_2048).subarray(1)]);
    expect(failure(() => decodeKmsRecipient(text)).message).toContain('version 2');
  });

  const head = [Buffer.from([1, 1]), field('cn-hangzhou'), field('key-1'), field('v-1')];
  const der = (bits: number, publicExponent = 65537): Buffer =>
    generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).publicKey.export({
      type: 'pkcs1',
      format: 'der',
    });
  const good = der(2048);
  it.each<[string, Buffer[]]>([
    ['no bytes', []],
    ['only a version', [Buffer.from([1])]],
    ['no key', head],
    ['a region that is missing', [Buffer.from([1, 1, 0]), ...head.slice(2), good]],
    ['a key id that is missing', [...head.slice(0, 2), Buffer.from([0]), field('v-1'), good]],
    ['a version id that is missing', [...head.slice(0, 3), Buffer.from([0]), good]],
    ['a region that is a host', [Buffer.from([1, 1]), field('evil.example/'), ...head.slice(2), good]],
    [
      'a region that is too long',
      [Buffer.from([1, 1]), field(`cn-${'a'.repeat(60)}`), ...head.slice(2), good],
    ],
    ['an alias', [...head.slice(0, 2), field('alias/a'), field('v-1'), good]],
    ['a newline in a key id', [...head.slice(0, 2), field('key\n1'), field('v-1'), good]],
    ['a length that goes beyond the end', [Buffer.from([1, 1, 255]), ...head.slice(1)]],
    ['a key of 1024 bits', [...head, der(1024)]],
    ['a key of 2560 bits', [...head, der(2560)]],
    ['the spec of another key', [Buffer.from([1, 2]), ...head.slice(1), good]],
    ['a spec that does not exist', [Buffer.from([1, 0]), ...head.slice(1), good]],
    ['something after the key', [...head, good, Buffer.from([0])]],
    ['a key that is cut off', [...head, good.subarray(0, -1)]],
    [
      'a key as SubjectPublicKeyInfo',
      [...head, publicKeyOf(fixtures, 'rsa2048').keyObject.export({ type: 'spki', format: 'der' })],
    ],
    ['a key as PEM', [...head, Buffer.from(FIXED_KEY.export({ type: 'pkcs1', format: 'pem' }))]],
    [
      'a private key',
      [
        ...head,
        generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs1',
          format: 'der',
        }),
      ],
    ],
    // A long form of length where the short one has to stand: BER, not DER.
    [
      'a length that is not the shortest',
      [...head, Buffer.concat([Buffer.from('308200', 'hex'), good.subarray(1)])],
    ],
    [
      'a leading zero too many',
      [...head, Buffer.concat([Buffer.from('3082010b0282010200', 'hex'), good.subarray(8)])],
    ],
  ])('with %s is refused', (_what, parts) => {
    const error = failure(() => decodeKmsRecipient(spell('age1alikms', Buffer.concat(parts))));
    expect(error.code).toBe('invalid-public-key');
    expect(error.message.length).toBeLessThan(200);
  });

  it('with the exponent 1 is refused', () => {
    const jwk = { ...FIXED_KEY.export({ format: 'jwk' }), e: 'AQ' };
    const bytes = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs1', format: 'der' });
    const text = spell('age1alikms', Buffer.concat([...head, bytes]));
    expect(failure(() => decodeKmsRecipient(text)).message).toContain('exponent 1');
  });

  it('needs a whole locator, without alias or ARN', () => {
    const key = publicKeyOf(fixtures, 'rsa2048');
    for (const locator of [{}, { ...LOCATOR, keyId: 'alias/a' }, { region: 'cn-hangzhou', keyId: 'key-1' }]) {
      expect(failure(() => encodeKmsRecipient({ key, locator })).code).toBe('usage');
    }
  });

  it('of any bytes under its checksum is read or refused, and read only in its one spelling', () => {
    const seeds = RSA_KEYS.map((name) => [
      ...bytesOf(encodeKmsRecipient({ key: publicKeyOf(fixtures, name), locator: LOCATOR })),
    ]);
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(255), fc.constantFrom('set', 'insert', 'remove'))
      .map(([bytes, at, value, how]) => {
        const place = at % bytes.length;
        if (how === 'set') return bytes.with(place, value);
        return bytes.toSpliced(place, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [value] : []));
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 600 })), (bytes) => {
        const text = spell('age1alikms', bytes);
        let parts;
        try {
          parts = decodeKmsRecipient(text);
        } catch (error) {
          expect(error).toBeInstanceOf(KmsAsymError);
          return;
        }
        expect(encodeKmsRecipient(parts)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an identity', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(locators, (locator) => {
        const text = encodeKmsIdentity(locator);
        expect(text).toMatch(/^AGE-PLUGIN-ALIKMS-1[02-9AC-HJ-NP-Z]+$/);
        expect(decodeKmsIdentity(text)).toEqual(locator);
      }),
    );
  });

  it('of no data is what age -j makes, and stands for any key', () => {
    expect(encodeKmsIdentity({})).toBe('AGE-PLUGIN-ALIKMS-12RF9TT');
    expect(decodeKmsIdentity(encodeKmsIdentity({}))).toEqual({});
  });

  it('is spelled as documented, for ever', () => {
    const text = encodeKmsIdentity({ region: 'cn-hangzhou', keyId: 'key-1' });
    expect(bytesOf(text)).toEqual(
      Buffer.concat([Buffer.from([1]), field('cn-hangzhou'), field('key-1'), Buffer.from([0])]),
    );
    expect(text).toBe('AGE-PLUGIN-ALIKMS-1QY9KXM3DDPSKUEM6DPHH2PTTV4UJ6VGQDXHQYM');
  });

  it.each([
    ['in lower case', encodeKmsIdentity(LOCATOR).toLowerCase()],
    ['cut off', encodeKmsIdentity(LOCATOR).slice(0, -1)],
    ['of another plugin', spell('AGE-PLUGIN-YUBIKEY-', bytesOf(encodeKmsIdentity(LOCATOR)))],
    ['of 100,000 characters', encodeKmsIdentity(LOCATOR).padEnd(100_000, 'Q')],
    ['that is a recipient', RSA_2048],
    ['of a version to come', spell('AGE-PLUGIN-ALIKMS-', [2, 0, 0, 0])],
    ['of any key, spelled out', spell('AGE-PLUGIN-ALIKMS-', [1, 0, 0, 0])],
    ['that ends too early', spell('AGE-PLUGIN-ALIKMS-', [1, 0, 0])],
    ['with something after it', spell('AGE-PLUGIN-ALIKMS-', [...bytesOf(encodeKmsIdentity(LOCATOR)), 0])],
    ['with an alias', spell('AGE-PLUGIN-ALIKMS-', [1, 0, ...field('alias/a'), 0])],
  ])('%s is refused', (_what, text) => {
    const error = failure(() => decodeKmsIdentity(text));
    expect(error.code).toBe('invalid-identity');
    expect(error.message.length).toBeLessThan(200);
  });

  it('names no alias', () => {
    expect(failure(() => encodeKmsIdentity({ keyId: 'alias/a' })).code).toBe('usage');
  });

  it('of any bytes under its checksum is read or refused, and read only in its one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, versioned) => {
        const text = spell('AGE-PLUGIN-ALIKMS-', versioned ? [1, ...bytes] : bytes);
        let locator;
        try {
          locator = decodeKmsIdentity(text);
        } catch (error) {
          expect(error).toBeInstanceOf(KmsAsymError);
          return;
        }
        expect(encodeKmsIdentity(locator)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

it('no two Bech32 texts of one case stand for the same bytes', () => {
  const words = fc.array(fc.nat(31), { maxLength: 40 });
  fc.assert(
    fc.property(words, (data) => {
      const text = bech32.encode('age', data, false);
      const decoded = decodeBech32(text);
      if (decoded) expect(encodeBech32(decoded)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});
