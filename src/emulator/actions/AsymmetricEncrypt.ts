/** AsymmetricEncrypt (KMS API 2016-01-20): needs the public half alone, so no device is asked. */
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { maxPlaintextBytes, OAEP_ALGORITHMS } from '../../crypto/algorithms.js';
import { encodeBase64 } from '../../crypto/encoding.js';
import type { Action } from '../action.js';
import { readOaepCall } from '../oaep-call.js';
import { invalidParameter } from '../refusal.js';

/** Answers with the ciphertext, as long as the key's modulus. */
export const AsymmetricEncrypt: Action = (call) => {
  const { key, version, algorithm, modulusBytes, input } = readOaepCall(call, 'Plaintext');
  if (input.length > maxPlaintextBytes(modulusBytes, algorithm)) throw invalidParameter('Plaintext');
  const spki = Buffer.from(version.hsmKey.publicKeyDer);
  const ciphertext = publicEncrypt(
    {
      key: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: OAEP_ALGORITHMS[algorithm].hash,
    },
    input,
  );
  return {
    KeyId: key.keyId,
    KeyVersionId: version.keyVersionId,
    CiphertextBlob: encodeBase64(ciphertext),
  };
};
