/**
 * AsymmetricDecrypt (KMS API 2016-01-20). Invariant: every ciphertext that does not decrypt, of the right length or
 * a wrong one, goes through the device and gets the same answer; anything finer would be a padding oracle.
 */
import { encodeBase64 } from '../../crypto/encoding.js';
import type { Action } from '../action.js';
import { readOaepCall } from '../oaep-call.js';
import { invalidParameter } from '../refusal.js';

/** Answers with the plaintext. */
export const AsymmetricDecrypt: Action = async (call) => {
  const { key, version, algorithm, input } = readOaepCall(call, 'CiphertextBlob');
  const plaintext = await call.keys.deviceOf(key).decrypt(version.hsmKey.ref, algorithm, input);
  if (plaintext === undefined) throw invalidParameter('CiphertextBlob');
  return {
    KeyId: key.keyId,
    KeyVersionId: version.keyVersionId,
    Plaintext: encodeBase64(plaintext),
  };
};
