/**
 * AsymmetricDecrypt (KMS API 2016-01-20). Invariant: every ciphertext that does not decrypt, of the right length or
 * a wrong one, goes through the device and gets the same answer; anything finer would be a padding oracle.
 */
import { encodeBase64 } from '../../crypto/encoding.js';
import { readAsymmetricCall } from '../call/asymmetric-call.js';
import { withDryRun } from '../call/dry-run.js';
import { ENCRYPTION } from '../call/encryption.js';
import { invalidParameter } from '../refusal.js';

/** Answers with the plaintext. */
export const AsymmetricDecrypt = withDryRun(async (call) => {
  const { key, version, algorithm, identity, input } = readAsymmetricCall(
    call,
    ENCRYPTION,
    ['CiphertextBlob'],
    ({ parameters }) => parameters.base64('CiphertextBlob'),
  );
  const plaintext = await call.keys.deviceOf(key).decrypt(version.hsmKey.ref, algorithm, input);
  if (plaintext === undefined) throw invalidParameter('CiphertextBlob');
  return { ...identity, Plaintext: encodeBase64(plaintext) };
});
