/** AsymmetricEncrypt (KMS API 2016-01-20): needs the public half alone, so no device is asked. */
import { constants, publicEncrypt } from 'node:crypto';
import { maxPlaintextBytes, OAEP_ALGORITHMS } from '../../crypto/algorithms.js';
import { encodeBase64 } from '../../crypto/encoding.js';
import { readAsymmetricCall } from '../call/asymmetric-call.js';
import { withDryRun } from '../call/dry-run.js';
import { ENCRYPTION } from '../call/encryption.js';
import { publicKeyOf } from '../keys/key.js';
import { invalidParameter } from '../refusal.js';

/** Answers with the ciphertext, as long as the key's modulus. */
export const AsymmetricEncrypt = withDryRun((call) => {
  const { version, algorithm, identity, input } = readAsymmetricCall(
    call,
    ENCRYPTION,
    ['Plaintext'],
    ({ parameters }) => parameters.base64('Plaintext'),
  );
  const publicKey = publicKeyOf(version);
  const modulusBytes = (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  if (input.length > maxPlaintextBytes(modulusBytes, algorithm)) throw invalidParameter('Plaintext');
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const oaepHash = OAEP_ALGORITHMS[algorithm].hash;
  const ciphertext = publicEncrypt({ key: publicKey, padding, oaepHash }, input);
  return { ...identity, CiphertextBlob: encodeBase64(ciphertext) };
});
