/** What AsymmetricEncrypt and AsymmetricDecrypt check alike before they touch any bytes. */
import { isOaepAlgorithm, type OaepAlgorithmName, RSA_KEY_SPECS } from '../crypto/algorithms.js';
import type { Call } from './action.js';
import { findKey, findVersion } from './key-reference.js';
import type { Key, KeyVersion } from './keys/key.js';
import { isRsaKeySpec } from './keys/key-spec.js';
import { requireState } from './keys/key-state.js';
import { invalidParameter, Refusal } from './refusal.js';

/** A key version and an algorithm that fit each other. */
export interface OaepCall {
  readonly key: Key;
  readonly version: KeyVersion;
  readonly algorithm: OaepAlgorithmName;
  /** Length of the key's modulus. */
  readonly modulusBytes: number;
  /** The decoded input. */
  readonly input: Buffer;
}

/** The service's algorithm for SM2 keys, which no key of the emulator fits. */
const SM2_ALGORITHM = 'SM2PKE';

/**
 * Reads the call; `inputName` names the base64 parameter. Throws `Refusal`: shapes of parameters first, then the
 * key, its state, its version, and last whether the key can do it.
 */
export function readOaepCall(call: Call, inputName: string): OaepCall {
  const { parameters } = call;
  for (const name of ['KeyId', 'KeyVersionId', 'Algorithm', inputName]) parameters.required(name);
  const algorithm = parameters.required('Algorithm');
  const isOaep = isOaepAlgorithm(algorithm);
  if (!isOaep && algorithm !== SM2_ALGORITHM) throw invalidParameter('Algorithm');
  const input = parameters.base64(inputName);
  const key = findKey(call);
  requireState(key, 'use');
  const version = findVersion(call, key);
  if (!isOaep || key.usage !== 'ENCRYPT/DECRYPT' || !isRsaKeySpec(key.spec)) {
    throw new Refusal('Rejected.UnsupportedOperation');
  }
  return { key, version, algorithm, modulusBytes: RSA_KEY_SPECS[key.spec], input };
}
