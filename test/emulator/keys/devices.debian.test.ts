import { expect, it } from 'vitest';
import { createKey, runEmulator } from '../running.js';

const running = runEmulator({ hsm: 'softhsm' });

it.each(['HSM', 'SOFTWARE'])(
  'a key of ProtectionLevel %s works beside a real token',
  async (ProtectionLevel) => {
    const { KeyId, KeyVersionId } = await createKey(running, { ProtectionLevel });
    const reference = { KeyId, KeyVersionId, Algorithm: 'RSAES_OAEP_SHA_256' };
    const { CiphertextBlob } = await running.ok('AsymmetricEncrypt', { ...reference, Plaintext: 'c2VjcmV0' });
    const decrypted = await running.ok('AsymmetricDecrypt', {
      ...reference,
      CiphertextBlob: String(CiphertextBlob),
    });
    expect(decrypted).toMatchObject({ KeyId, Plaintext: 'c2VjcmV0' });
  },
);

it('nothing is said about an imitation', () => {
  expect(running.emulator.backend).toBe('softhsm');
  expect(running.notices).toEqual([]);
});
