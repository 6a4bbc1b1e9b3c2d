/** GetPublicKey (KMS API 2016-01-20): SPKI PEM in 64 columns with a newline at the end. */
import { createPublicKey } from 'node:crypto';
import type { Action } from '../action.js';
import { findKey, findVersion } from '../key-reference.js';

/** Answers with the public key of a version; reading it is allowed in every state of the key. */
export const GetPublicKey: Action = (call) => {
  for (const name of ['KeyId', 'KeyVersionId']) call.parameters.required(name);
  const key = findKey(call);
  const { keyVersionId, hsmKey } = findVersion(call, key);
  const spki = Buffer.from(hsmKey.publicKeyDer);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return {
    KeyId: key.keyId,
    KeyVersionId: keyVersionId,
    PublicKey: publicKey.export({ type: 'spki', format: 'pem' }),
  };
};
