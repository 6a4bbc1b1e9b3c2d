/** The Digest parameter of AsymmetricSign and AsymmetricVerify. */
import type { Call } from '../call/action.js';
import { invalidParameter } from '../refusal.js';

/** Length of a SHA-256 digest, which all algorithms are over. */
const DIGEST_BYTES = 32;

/** Reads the digest. Throws `Refusal` when it is no base64 or not 32 bytes long. */
export function readDigest({ parameters }: Call): Buffer {
  const digest = parameters.base64('Digest');
  if (digest.length !== DIGEST_BYTES) throw invalidParameter('Digest');
  return digest;
}
