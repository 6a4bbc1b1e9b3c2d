import { expect, it } from 'vitest';
import { openApiCaller } from './callers.js';
import { decryptingLife, signingLife } from './lifecycle.js';
import { createKey, runEmulator } from './running.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const running = runEmulator({ hsm: 'softhsm' });
let nowMs = Date.parse('2026-01-01T00:00:00Z');
const later = runEmulator({ hsm: 'softhsm', clock: () => nowMs });

it('keys of a SoftHSM live the same life', async () => {
  const call = openApiCaller(running.emulator);
  await decryptingLife(call);
  await signingLife(call);
});

it('versions of a key live in the SoftHSM side by side, and a key that is gone leaves the others alone', async () => {
  const [old, kept] = [
    await createKey(later, { ProtectionLevel: 'HSM' }),
    await createKey(later, { ProtectionLevel: 'HSM' }),
  ];
  nowMs += 7 * DAY_MS;
  const { KeyVersion } = await later.ok('CreateKeyVersion', { KeyId: kept.KeyId });
  await later.ok('ScheduleKeyDeletion', { KeyId: old.KeyId, PendingWindowInDays: '7' });
  nowMs += 7 * DAY_MS;
  expect((await later.call('DescribeKey', { KeyId: old.KeyId })).status).toBe(404);
  const { KeyVersionId } = KeyVersion as { KeyVersionId: string };
  for (const version of [kept.KeyVersionId, KeyVersionId]) {
    const reference = { KeyId: kept.KeyId, KeyVersionId: version, Algorithm: 'RSAES_OAEP_SHA_256' };
    const { CiphertextBlob } = await later.ok('AsymmetricEncrypt', { ...reference, Plaintext: 'AAAA' });
    const answer = await later.ok('AsymmetricDecrypt', {
      ...reference,
      CiphertextBlob: String(CiphertextBlob),
    });
    expect(answer['Plaintext']).toBe('AAAA');
  }
  expect(later.notices).toEqual([]);
});
