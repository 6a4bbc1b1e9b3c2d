/** Age files in `decrypt`: one call for the file key, then chunk after authentic chunk. */
import { decodeArmor } from '../age/armor.js';
import { decrypt } from '../age/decrypt.js';
import type { AgeEncoding } from '../age/recognition.js';
import { KmsAsymError } from '../errors.js';
import type { Output } from '../io/output.js';
import type { Decrypted, Decryption } from './decryption.js';
import { findIdentities } from './age-identities.js';
import { counted, startProgress } from './progress.js';

/**
 * Decrypts the whole input.
 *
 * @throws KmsAsymError as {@link decrypt}, {@link findIdentities}, reading and writing do; with a hint when something was
 * released that must be discarded
 */
export async function decryptAge(decryption: Decryption, encoding: AgeEncoding): Promise<Decrypted> {
  const { run, input, ciphertext, output } = decryption;
  const { identities, service } = findIdentities(run, input.name);
  const progress = startProgress(run.context, input.size);
  const total = { CiphertextBytes: 0, PlaintextBytes: 0 };
  const count = (bytes: number): void => {
    total.CiphertextBytes += bytes;
    progress.add(bytes);
  };
  try {
    const file = counted(ciphertext.chunks(), { add: count });
    for await (const chunk of decrypt(identities, encoding === 'armor' ? decodeArmor(file) : file)) {
      await output.write(chunk);
      total.PlaintextBytes += chunk.length;
    }
    await output.commit();
  } catch (error) {
    throw discardReleased(error, output);
  } finally {
    progress.end();
    output.abort();
  }
  const { opened } = service;
  return {
    Format: 'age',
    Encoding: encoding,
    Algorithm: opened?.stanza.algorithm,
    KeyId: opened?.keyId,
    KeyVersionId: opened?.keyVersionId,
    Region: opened?.region,
    ...total,
    RequestId: opened?.requestId,
  };
}

/** Whoever reads the pipe has authentic bytes, but not all of them. */
function discardReleased(error: unknown, output: Output): unknown {
  if (!(error instanceof KmsAsymError) || !output.isReleased) return error;
  return new KmsAsymError(error.code, error.message, {
    hints: [`discard what was written to ${output.name}: it is not the whole plaintext`, ...error.hints],
    cause: error,
    ...(error.service && { service: error.service }),
  });
}
