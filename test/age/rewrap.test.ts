import { randomBytes } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { ByteReader } from '../../src/age/byte-stream.js';
import {
  bytesOf,
  encodeHeader,
  HeaderParser,
  MAX_STANZAS,
  verifyHeader,
  type Header,
} from '../../src/age/header.js';
import { KmsRecipient } from '../../src/age/kms-stanza.js';
import type { Recipient } from '../../src/age/recipient.js';
import { isAsPlanned, rewrapHeader, type RewrapPlan } from '../../src/age/rewrap.js';
import { readHeader } from '../../src/age/header.js';
import type { Stanza } from '../../src/age/stanza.js';
import { publicKeyOf, type RsaKeyName } from './identities.js';

const fixtures = inject('fixtures');
const FILE_KEY = randomBytes(16);

const key = (name: RsaKeyName, keyVersionId?: string): KmsRecipient =>
  new KmsRecipient(
    publicKeyOf(fixtures, name),
    keyVersionId === undefined ? {} : { region: 'cn-hangzhou', keyId: `key-${name}`, keyVersionId },
  );
const other = (name: string): Recipient => ({
  wrap: () => [{ type: name, args: [], body: Buffer.alloc(0) }],
});
const plan = (keys: KmsRecipient[], more: Partial<RewrapPlan> = {}): RewrapPlan => ({
  keys,
  others: [],
  keepsKeys: false,
  ...more,
});

async function stanzasOf(...recipients: Recipient[]): Promise<Stanza[]> {
  const stanzas = [];
  for (const recipient of recipients) stanzas.push(...(await recipient.wrap(FILE_KEY)));
  return stanzas;
}

async function rewrap(stanzas: readonly Stanza[], what: RewrapPlan): Promise<Header> {
  const header = new HeaderParser().push(await rewrapHeader(stanzas, FILE_KEY, what));
  if (!header) throw new Error('no header');
  expect(verifyHeader(header, FILE_KEY)).toBe(true);
  return header;
}

const names = ({ stanzas }: Header): string[] => stanzas.map(({ type, args }) => args[3] ?? type);

describe('a header for other keys', () => {
  it('has the new keys where the first old one stood, and all others in their order', async () => {
    const stanzas = await stanzasOf(
      other('a'),
      key('rsa2048', 'v1'),
      other('b'),
      key('rsa3072', 'v1'),
      other('c'),
    );
    const header = await rewrap(stanzas, plan([key('rsa4096', 'v2'), key('rsa2048', 'v2')]));
    expect(names(header)).toEqual(['a', 'key-rsa4096', 'key-rsa2048', 'b', 'c']);
    expect(header.stanzas.filter(({ type }) => type !== 'alikms')).toEqual(
      stanzas.filter(({ type }) => type !== 'alikms'),
    );
  });

  it('has them behind all others where there was none', async () => {
    const header = await rewrap(await stanzasOf(other('a'), other('b')), plan([key('rsa2048', 'v1')]));
    expect(names(header)).toEqual(['a', 'b', 'key-rsa2048']);
  });

  it('keeps the old ones on request, byte for byte, and adds those that are not there', async () => {
    const stanzas = await stanzasOf(key('rsa2048', 'v1'), other('a'));
    const header = await rewrap(
      stanzas,
      plan([key('rsa2048', 'v1'), key('rsa3072', 'v1')], { keepsKeys: true, others: [other('b')] }),
    );
    expect(names(header)).toEqual(['key-rsa2048', 'a', 'key-rsa3072', 'b']);
    expect(header.stanzas.slice(0, 2)).toEqual(stanzas);
  });

  it.each(['rsa2048', 'rsa3072', 'rsa4096'] as const)(
    'has the length of the old one for a key of the same size: %s',
    async (name) => {
      const old = encodeHeader(await stanzasOf(key(name, 'v1'), other('a')), FILE_KEY);
      const header = await rewrap(new HeaderParser().push(old)?.stanzas ?? [], plan([key(name, 'v2')]));
      expect(header.length).toBe(old.length);
    },
  );

  it('has no more stanzas than a header may have', async () => {
    const stanzas = await stanzasOf(...Array.from({ length: MAX_STANZAS }, () => other('a')));
    await expect(rewrapHeader(stanzas, FILE_KEY, plan([key('rsa2048', 'v1')]))).rejects.toMatchObject({
      code: 'input-too-large',
    });
    expect(await rewrap(stanzas.slice(1), plan([key('rsa2048', 'v1')]))).toBeDefined();
  });
});

describe('a header that says that there is nothing to do', () => {
  const v1 = key('rsa2048', 'v1');
  const v2 = key('rsa2048', 'v2');
  const bare = key('rsa2048');
  const large = key('rsa4096', 'v1');
  it.each<[string, Recipient[], RewrapPlan, boolean]>([
    ['the same key', [v1], plan([v1]), true],
    ['the same key beside others', [other('a'), v1, other('b')], plan([v1]), true],
    ['another version', [v1], plan([v2]), false],
    ['another key', [large], plan([v1]), false],
    ['one key more', [v1, large], plan([v1]), false],
    ['one key less', [v1], plan([v1, large]), false],
    ['both, in another order', [large, v1], plan([v1, large]), true],
    ['the same key twice, of two', [v1, v1], plan([v1, large]), false],
    ['the same key twice', [v1, v1], plan([v1]), false],
    ['no key', [other('a')], plan([v1]), false],
    ['a key that the file does not name', [bare], plan([v1]), false],
    ['a key that nobody names', [bare], plan([bare]), true],
    ['a key that only the file names', [v1], plan([bare]), true],
    ['one of two, to be kept', [v1, large], plan([v1], { keepsKeys: true }), true],
    ['one of two, both to be there', [v1], plan([v1, large], { keepsKeys: true }), false],
    ['others to be added', [v1], plan([v1], { others: [other('a')] }), false],
  ])('%s', async (_what, recipients, what, expected) => {
    expect(isAsPlanned(await stanzasOf(...recipients), what)).toBe(expected);
  });

  it('is refused when a stanza of a key is malformed', async () => {
    const [stanza] = (await stanzasOf(v1)) as [Stanza];
    expect(() => isAsPlanned([{ ...stanza, args: [] }], plan([v1]))).toThrow(
      expect.objectContaining({ code: 'invalid-ciphertext' }),
    );
  });

  it('is not believed of an algorithm or a length that the key does not have', async () => {
    const [stanza] = (await stanzasOf(v1)) as [Stanza];
    const sha1 = { ...stanza, args: ['RSAES_OAEP_SHA_1', ...stanza.args.slice(1)] };
    const long = { ...stanza, body: Buffer.alloc(512) };
    for (const forged of [sha1, long]) expect(isAsPlanned([forged], plan([v1]))).toBe(false);
  });
});

it('a header that was read is spelled as it was', async () => {
  const bytes = encodeHeader(await stanzasOf(key('rsa3072', 'v1'), other('a')), FILE_KEY);
  expect(bytesOf(await readHeader(new ByteReader([bytes]))).equals(bytes)).toBe(true);
});
