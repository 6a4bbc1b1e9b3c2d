/**
 * RSAES-OAEP encryption (RFC 8017, section 7.1.1) as the service decrypts it: MGF1 with the same hash, empty label.
 * Local and offline; the other direction happens inside KMS.
 */
import { constants, publicEncrypt } from 'node:crypto';
import { KmsAsymError } from '../errors.js';
import {
  DEFAULT_OAEP_ALGORITHM,
  maxPlaintextBytes,
  OAEP_ALGORITHMS,
  type OaepAlgorithmName,
} from './algorithms.js';
import type { EncryptionKey } from './public-key.js';

/**
 * Encrypts at most `maxPlaintextBytes(publicKey.modulusBytes, algorithm)` bytes.
 *
 * @returns the ciphertext, exactly `publicKey.modulusBytes` long
 * @throws KmsAsymError `input-too-large`
 */
export function encryptOaep(
  publicKey: EncryptionKey,
  plaintext: Uint8Array,
  algorithm: OaepAlgorithmName = DEFAULT_OAEP_ALGORITHM,
): Buffer {
  const limit = maxPlaintextBytes(publicKey.modulusBytes, algorithm);
  if (plaintext.length > limit) {
    throw new KmsAsymError(
      'input-too-large',
      `the input is longer than the ${limit} bytes that an ${publicKey.keySpec} key can encrypt`,
    );
  }
  return publicEncrypt(
    {
      key: publicKey.keyObject,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: OAEP_ALGORITHMS[algorithm].hash,
    },
    plaintext,
  );
}
