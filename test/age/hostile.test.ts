/** Headers from an attacker cost nothing: few calls, little time, bounded memory, clear answers. */
import { performance } from 'node:perf_hooks';
import { describe, expect, inject, it } from 'vitest';
import { MAX_STANZAS } from '../../src/age/header.js';
import { KmsIdentity, MAX_UNWRAP_CALLS, type Unwrap } from '../../src/age/kms-identity.js';
import { KmsRecipient } from '../../src/age/kms-stanza.js';
import { encodeStanza, type Stanza } from '../../src/age/stanza.js';
import { KmsAsymError } from '../../src/errors.js';
import { publicKeyOf, unwrapWith } from './identities.js';
import { outcomeOf, pieces } from './streams.js';
import { decrypt } from './whole-files.js';

const fixtures = inject('fixtures');
const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-1', keyVersionId: 'v-1' };
const good = (): Stanza[] =>
  new KmsRecipient(publicKeyOf(fixtures, 'rsa2048'), LOCATOR).wrap(Buffer.alloc(16, 7));
const text = (stanzas: readonly Stanza[]): string =>
  `age-encryption.org/v1\n${stanzas.map(encodeStanza).join('')}--- ${'A'.repeat(43)}\n`;
const refuse: Unwrap = () => Promise.reject(new KmsAsymError('service-refused', 'no', { hints: ['ask'] }));

async function attack(
  header: string,
  unwrap: Unwrap = refuse,
): Promise<{ error: KmsAsymError; calls: number }> {
  let calls = 0;
  const identity = new KmsIdentity((stanza) => {
    calls++;
    return unwrap(stanza);
  });
  const begin = performance.now();
  const { error, released } = await outcomeOf(decrypt([identity], pieces(Buffer.from(header), 65_536)));
  expect(performance.now() - begin).toBeLessThan(1000);
  expect(released.length).toBe(0);
  if (!error) throw new Error('the header was accepted');
  return { error, calls };
}

function withArgs(...args: string[]): string {
  return text(good().map((stanza) => ({ ...stanza, args })));
}
const fingerprint = publicKeyOf(fixtures, 'rsa2048').fingerprint;

describe('a hostile header', () => {
  it.each([
    ['10 MB of stanza body', `age-encryption.org/v1\n-> a\n${`${'A'.repeat(64)}\n`.repeat(160_000)}`],
    ['10 MB on one line', `age-encryption.org/v1\n-> ${'a'.repeat(10_000_000)}\n`],
    ['10 MB of arguments', `age-encryption.org/v1\n->${' a'.repeat(5_000_000)}\n`],
    ['10,000 stanzas', text(Array.from({ length: 10_000 }, () => good()).flat())],
    [
      `${MAX_STANZAS + 1} small stanzas`,
      text(Array.from({ length: MAX_STANZAS + 1 }, () => ({ type: 'x', args: [], body: Buffer.alloc(0) }))),
    ],
    ['no stanzas', text([])],
    ['a foreign version', text(good()).replace('/v1', '/v2')],
    ['CRLF', text(good()).replaceAll('\n', '\r\n')],
    ['a trailing space', text(good()).replace('\n--- ', ' \n--- ')],
    ['a region that is a host', withArgs('RSAES_OAEP_SHA_256', fingerprint, 'evil.example/', 'key-1', 'v-1')],
    ['a key id with a slash', withArgs('RSAES_OAEP_SHA_256', fingerprint, 'cn-hangzhou', '../key', 'v-1')],
    [
      'a key version id with a percent',
      withArgs('RSAES_OAEP_SHA_256', fingerprint, 'cn-hangzhou', 'key-1', 'v%00'),
    ],
    ['an alias', withArgs('RSAES_OAEP_SHA_256', fingerprint, 'cn-hangzhou', 'alias/a', 'v-1')],
    ['an unknown algorithm', withArgs('RSAES_PKCS1_V1_5', fingerprint)],
    ['a property of objects as algorithm', withArgs('constructor', fingerprint)],
    ['a fingerprint with unused bits', withArgs('RSAES_OAEP_SHA_256', `${'A'.repeat(42)}B`)],
    ['a short fingerprint', withArgs('RSAES_OAEP_SHA_256', 'AAAA')],
    ['a fingerprint with its prefix', withArgs('RSAES_OAEP_SHA_256', `SHA256:${fingerprint}`)],
    ['no arguments', withArgs()],
    ['three arguments', withArgs('RSAES_OAEP_SHA_256', fingerprint, 'cn-hangzhou')],
    ['six arguments', withArgs('RSAES_OAEP_SHA_256', fingerprint, 'cn-hangzhou', 'key-1', 'v-1', 'x')],
    ['a body of 255 bytes', text(good().map((stanza) => ({ ...stanza, body: stanza.body.subarray(1) })))],
    [
      'one malformed stanza after a good one',
      text([...good(), { ...good()[0], args: [] } as unknown as Stanza]),
    ],
  ])('with %s makes no call', async (_what, header) => {
    const { error, calls } = await attack(header);
    expect(error.code).toBe('invalid-ciphertext');
    expect(error.message.length).toBeLessThan(200);
    expect(calls).toBe(0);
  });

  it('with a wrong MAC makes one call', async () => {
    const { error, calls } = await attack(text(good()), unwrapWith(fixtures, 'rsa2048'));
    expect(error).toMatchObject({ code: 'undecryptable', message: expect.stringContaining('MAC') as string });
    expect(calls).toBe(1);
  });

  it(`with ${MAX_STANZAS} stanzas of ours makes ${MAX_UNWRAP_CALLS} calls and tells why each failed`, async () => {
    const { error, calls } = await attack(text(Array.from({ length: MAX_STANZAS }, () => good()).flat()));
    expect(calls).toBe(MAX_UNWRAP_CALLS);
    expect(error).toMatchObject({
      code: 'service-refused',
      message: 'none of the first 4 of 64 stanzas for KMS keys could be opened',
      hints: [
        ...Array<string>(4).fill('key "key-1": no'),
        '60 more were not tried: a file is worth 4 calls',
        'ask',
      ],
    });
  });

  it('for others only names who they are, in bounds', async () => {
    const stanzas = Array.from({ length: 20 }, (_, index) => ({
      type: `${index}${'x'.repeat(1000)}`,
      args: [],
      body: Buffer.alloc(0),
    }));
    const { error, calls } = await attack(text(stanzas));
    expect(error.code).toBe('undecryptable');
    expect(error.message).toMatch(/^no key at hand opens the file: it is for "0x+", /);
    expect(error.message.length).toBeLessThan(500);
    expect(calls).toBe(0);
  });

  it('for X25519 and scrypt says so', async () => {
    const types = ['X25519', 'X25519', 'scrypt'];
    const { error } = await attack(text(types.map((type) => ({ type, args: [], body: Buffer.alloc(32) }))));
    expect(error.message).toBe('no key at hand opens the file: it is for "X25519", "scrypt"');
  });
});

describe('an identity', () => {
  const stanzas = (count: number): Stanza[] => Array.from({ length: count }, () => good()).flat();

  it('passes on what stopped its only stanza', async () => {
    await expect(new KmsIdentity(refuse).unwrap(good())).rejects.toMatchObject({
      message: 'no',
      hints: ['ask'],
    });
  });

  it('tries the next stanza when one cannot be opened, in the order of the file', async () => {
    const seen: string[] = [];
    const other = new KmsRecipient(publicKeyOf(fixtures, 'rsa3072'), { keyId: 'incomplete' });
    const identity = new KmsIdentity(async (stanza) => {
      seen.push(stanza.locator?.keyId ?? 'none');
      return unwrapWith(fixtures, 'rsa3072')(stanza);
    });
    const fileKey = await identity.unwrap([...stanzas(2), ...other.wrap(Buffer.alloc(16, 9)), ...stanzas(1)]);
    expect(fileKey).toEqual(Buffer.alloc(16, 9));
    expect(seen).toEqual(['key-1', 'key-1', 'none']);
  });

  it.each([0, 15, 17, 32])('refuses %i bytes as a file key, and wipes them', async (length) => {
    const bytes = Buffer.alloc(length, 1);
    await expect(new KmsIdentity(() => Promise.resolve(bytes)).unwrap(good())).rejects.toMatchObject({
      code: 'undecryptable',
      message: `what the stanza wraps is ${length} bytes long, but a file key has 16`,
    });
    expect(bytes).toEqual(Buffer.alloc(length));
  });

  it('keeps what the service said, and names keys without an id by fingerprint', async () => {
    const service = { code: 'Forbidden', httpStatus: 403, requestId: 'r', action: 'AsymmetricDecrypt' };
    const identity = new KmsIdentity(() =>
      Promise.reject(new KmsAsymError('service-refused', 'no', { service })),
    );
    const nameless = new KmsRecipient(publicKeyOf(fixtures, 'rsa2048'), {}).wrap(Buffer.alloc(16));
    await expect(identity.unwrap([...nameless, ...nameless])).rejects.toMatchObject({
      service,
      hints: Array<string>(2).fill(`key SHA256:${fingerprint}: no (Forbidden, RequestId r)`),
    });
  });

  it('lets a bug through at once', async () => {
    const identity = new KmsIdentity(() => Promise.reject(new TypeError('bug')));
    await expect(identity.unwrap(stanzas(3))).rejects.toThrow(TypeError);
  });
});

it.each([
  [{ ...LOCATOR, keyId: 'alias/a' }, 'alias/a'],
  [{ ...LOCATOR, region: 'evil.example' }, 'evil.example'],
  [{ ...LOCATOR, keyVersionId: '' }, ''],
])('a recipient refuses the locator %j', (locator, value) => {
  expect(() => new KmsRecipient(publicKeyOf(fixtures, 'rsa2048'), locator)).toThrow(
    `"${value}" cannot stand in an age file`,
  );
});
