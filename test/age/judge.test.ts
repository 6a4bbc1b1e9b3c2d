/** The JavaScript library of age judges our files, and we its. */
import { randomBytes } from 'node:crypto';
import {
  armor,
  Decrypter,
  Encrypter,
  generateX25519Identity,
  identityToRecipient,
  Stanza,
} from 'age-encryption';
import { describe, expect, inject, it } from 'vitest';
import { decodeArmor, encodeArmor } from '../../src/age/armor.js';
import { KmsIdentity } from '../../src/age/kms-identity.js';
import { KmsRecipient } from '../../src/age/kms-stanza.js';
import { payloadSize } from '../../src/age/payload-size.js';
import { parseRecipient } from '../../src/age/recipient-file.js';
import { CHUNK_BYTES } from '../../src/age/chunk.js';
import { oaepDecrypt, publicKeyOf, RSA_KEYS, unwrapWith, type RsaKeyName } from './identities.js';
import { collect, pieces } from './streams.js';
import { decrypt, encrypt } from './whole-files.js';

const fixtures = inject('fixtures');
const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-hzz62f1cb66fa42qo', keyVersionId: 'version-1' };
const SIZES = [0, 1, 190, 191, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 1_000_003];
const CASES = RSA_KEYS.flatMap((name) => SIZES.map((size) => [name, size] as const));

const recipient = (name: RsaKeyName): KmsRecipient => new KmsRecipient(publicKeyOf(fixtures, name), LOCATOR);
const identity = (name: RsaKeyName): KmsIdentity => new KmsIdentity(unwrapWith(fixtures, name));

/** The library with a custom identity for our stanza. */
function judgeOf(name: RsaKeyName): Decrypter {
  const judge = new Decrypter();
  judge.addIdentity({
    unwrapFileKey(stanzas: Stanza[]) {
      const ours = stanzas.find(({ args }) => args[0] === 'alikms');
      return ours ? oaepDecrypt(fixtures, name, ours.body) : null;
    },
  });
  return judge;
}

/** The library with a custom recipient that makes our stanza. */
function writerFor(name: RsaKeyName): Encrypter {
  const writer = new Encrypter();
  writer.addRecipient({
    wrapFileKey: (fileKey) =>
      recipient(name)
        .wrap(fileKey)
        .map(({ type, args, body }) => new Stanza([type, ...args], body)),
  });
  return writer;
}

describe.each(CASES)('with %s and %i bytes', (name, size) => {
  const plaintext = randomBytes(size);

  it('the library opens what we make', async () => {
    const file = await collect(encrypt([recipient(name)], pieces(plaintext, 50_000, 1, 70_000)));
    expect(plaintext.equals(await judgeOf(name).decrypt(file))).toBe(true);
    expect(file.length - file.indexOf('\n--- ') - 49).toBe(payloadSize(size));
  });

  it('we open what the library makes', async () => {
    const file = await writerFor(name).encrypt(plaintext);
    const opened = await collect(decrypt([identity(name)], pieces(file, 3, 65_536, 100_000)));
    expect(opened.equals(plaintext)).toBe(true);
  });
});

it('the library reads and writes the same armor', async () => {
  for (const size of [0, 1, 47, 48, 49, 96, 1024 * 48, 1024 * 48 + 1, 200_000]) {
    const bytes = randomBytes(size);
    const text = (await collect(encodeArmor(pieces(bytes, 1000)))).toString();
    expect(text).toBe(armor.encode(bytes));
    expect((await collect(decodeArmor(pieces(Buffer.from(armor.encode(bytes)), 999)))).equals(bytes)).toBe(
      true,
    );
  }
});

it('one file serves several keys and an X25519 recipient', async () => {
  const native = await generateX25519Identity();
  const recipients = [parseRecipient(await identityToRecipient(native), 'test'), ...RSA_KEYS.map(recipient)];
  const file = await collect(encrypt(recipients, [Buffer.from('for all')]));
  const judge = new Decrypter();
  judge.addIdentity(native);
  expect(await judge.decrypt(file, 'text')).toBe('for all');
  for (const name of RSA_KEYS) {
    expect((await collect(decrypt([identity(name)], [file]))).toString()).toBe('for all');
  }
});

it('a stanza of RSA_3072 ends with an empty line', async () => {
  const lines = (await collect(encrypt([recipient('rsa3072')], []))).toString('latin1').split('\n');
  expect(lines[1]).toMatch(
    /^-> alikms RSAES_OAEP_SHA_256 \S{43} cn-hangzhou key-hzz62f1cb66fa42qo version-1$/,
  );
  expect(lines.slice(2, 10).map((line) => line.length)).toEqual(Array(8).fill(64));
  expect(lines[10]).toBe('');
  expect(lines[11]).toMatch(/^--- \S{43}$/);
});
