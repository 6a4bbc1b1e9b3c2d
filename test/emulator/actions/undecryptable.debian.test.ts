import { createPublicKey, type KeyObject } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeNssDatabase } from '../hsm/nss-database.js';
import { encodeOaep, rawEncrypt } from '../hsm/oaep-block.js';
import { malformedBlocks, MALFORMED_CIPHERTEXTS, validBlocks } from '../hsm/oaep-cases.js';
import { createKey, expectRefusal, runEmulator, type CreatedKey } from '../running.js';

const SHA_256 = { hash: 'sha256', hashBytes: 32 } as const;
const MODULUS_BYTES = 256;

const database = await makeNssDatabase('nss-pin');
afterAll(() => {
  rmSync(database.directory, { recursive: true, force: true });
});

/** One sentence for every reason and every backend: anything more would be an oracle. */
const messages = new Set<unknown>();

describe.each([
  ['software', 'software'],
  ['SoftHSM', 'softhsm'],
  ['NSS softokn', database.uri],
])('on %s', (_name, hsm) => {
  const running = runEmulator({ hsm });
  let ids: CreatedKey;
  let key: KeyObject;

  beforeAll(async () => {
    ids = await createKey(running, { ProtectionLevel: 'HSM' });
    const { KeyId, KeyVersionId } = ids;
    key = createPublicKey(String((await running.ok('GetPublicKey', { KeyId, KeyVersionId }))['PublicKey']));
  });

  const decrypt = (ciphertext: Uint8Array) =>
    running.call('AsymmetricDecrypt', {
      KeyId: ids.KeyId,
      KeyVersionId: ids.KeyVersionId,
      Algorithm: 'RSAES_OAEP_SHA_256',
      CiphertextBlob: Buffer.from(ciphertext).toString('base64'),
    });

  it.each(validBlocks(SHA_256, 190))('answers $title with its plaintext', async ({ block }) => {
    const answer = await decrypt(rawEncrypt(key, encodeOaep(MODULUS_BYTES, block)));
    expect(answer.status).toBe(200);
    const message = block.message ?? Buffer.from('message');
    expect(answer.json['Plaintext']).toBe(Buffer.from(message).toString('base64'));
  });

  it.each(malformedBlocks(SHA_256))('refuses $title with the one answer', async ({ block }) => {
    const answer = await decrypt(rawEncrypt(key, encodeOaep(MODULUS_BYTES, block)));
    expectRefusal(answer, 400, 'InvalidParameter');
    messages.add(answer.json['Message']);
  });

  it.each(MALFORMED_CIPHERTEXTS)('refuses $title with the one answer', async ({ make }) => {
    for (const ciphertext of make(key, 'sha256').filter(({ length }) => length > 0)) {
      const answer = await decrypt(ciphertext);
      expectRefusal(answer, 400, 'InvalidParameter');
      messages.add(answer.json['Message']);
    }
  });
});

it('gives the same answer for every reason on every backend', () => {
  expect([...messages]).toHaveLength(1);
});
