import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Stanza } from '../../src/age/stanza.js';
import { X25519Identity, X25519Recipient } from '../../src/age/x25519.js';

const ZEROS = Buffer.alloc(32);
const ONE = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
/** All points of small order, as RFC 7748 implementations meet them, with and without the ignored bit. */
const LOW_ORDER = [
  ZEROS,
  ONE,
  Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex'),
  Buffer.from('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157', 'hex'),
  Buffer.from('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex'),
  Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex'),
  Buffer.from('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex'),
];

function pair(): { identity: X25519Identity; recipient: X25519Recipient } {
  const { privateKey } = generateKeyPairSync('x25519');
  const raw = (key: KeyObject, type: 'spki' | 'pkcs8'): Buffer =>
    key.export({ type, format: 'der' }).subarray(-32);
  return {
    identity: new X25519Identity(raw(privateKey, 'pkcs8')),
    recipient: new X25519Recipient(raw(createPublicKey(privateKey), 'spki')),
  };
}

const [stanza] = pair().recipient.wrap(randomBytes(16)) as [Stanza];

it('what a recipient wraps, its identity unwraps, and no other', async () => {
  const [ours, theirs] = [pair(), pair()];
  const fileKey = randomBytes(16);
  const stanzas = [...theirs.recipient.wrap(randomBytes(16)), ...ours.recipient.wrap(fileKey)];
  expect(await ours.identity.unwrap(stanzas)).toEqual(fileKey);
  expect(await pair().identity.unwrap(stanzas)).toBeUndefined();
});

it('leaves stanzas of other types alone', async () => {
  const other = { ...stanza, type: 'x25519', args: [], body: Buffer.alloc(1) };
  expect(await pair().identity.unwrap([other])).toBeUndefined();
});

it('wraps the same file key differently each time', () => {
  const { recipient } = pair();
  const [one, other] = [recipient.wrap(ZEROS.subarray(16)), recipient.wrap(ZEROS.subarray(16))];
  expect(one[0]?.args).not.toEqual(other[0]?.args);
  expect(one[0]?.body).not.toEqual(other[0]?.body);
});

describe.each(LOW_ORDER.map((point) => [point.toString('hex'), point] as const))(
  'the point of low order %s',
  (_name, point) => {
    it.each([0, 0x80])('as a recipient is refused, high bit %i', (bit) => {
      const key = Buffer.from(point);
      key[31] = (key[31] ?? 0) | bit;
      expect(() => new X25519Recipient(key).wrap(randomBytes(16))).toThrow('low order');
    });

    it('as a share is refused', async () => {
      const forged = { ...stanza, args: [point.toString('base64').replace('=', '')] };
      await expect(pair().identity.unwrap([forged])).rejects.toMatchObject({ code: 'invalid-ciphertext' });
    });
  },
);

it.each<[string, Partial<Stanza>]>([
  ['no share', { args: [] }],
  ['two arguments', { args: [...stanza.args, 'more'] }],
  ['a short share', { args: [randomBytes(31).toString('base64').replace(/=/g, '')] }],
  ['a long share', { args: [randomBytes(33).toString('base64')] }],
  ['padding', { args: [`${stanza.args[0] ?? ''}=`] }],
  ['a URL-safe share', { args: [Buffer.alloc(32, 0xff).toString('base64url')] }],
  ['bits behind the share', { args: [`${'A'.repeat(42)}B`] }],
  ['no body', { body: Buffer.alloc(0) }],
  ['a short body', { body: stanza.body.subarray(1) }],
  ['a file key of 17 bytes', { body: randomBytes(33) }],
])('a stanza with %s is malformed, even behind a good one', async (_what, part) => {
  const { identity, recipient } = pair();
  const stanzas = [...recipient.wrap(randomBytes(16)), { ...stanza, ...part }];
  await expect(identity.unwrap(stanzas)).rejects.toMatchObject({
    code: 'invalid-ciphertext',
    message: expect.stringContaining('"X25519" stanza') as string,
  });
});

it('a changed body is not for us', async () => {
  const { identity, recipient } = pair();
  const [good] = recipient.wrap(randomBytes(16)) as [Stanza];
  for (let index = 0; index < good.body.length; index++) {
    const body = Buffer.from(good.body);
    body[index] = (body[index] ?? 0) ^ 1;
    expect(await identity.unwrap([{ ...good, body }])).toBeUndefined();
  }
});
