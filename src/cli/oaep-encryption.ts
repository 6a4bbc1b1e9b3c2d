/** The ciphertext of `encrypt` for what fits the key: one RSA-OAEP block, raw or as a line of base64. */
import { DEFAULT_OAEP_ALGORITHM, maxPlaintextBytes } from '../crypto/algorithms.js';
import { encodeBase64 } from '../crypto/encoding.js';
import { encryptOaep } from '../crypto/oaep.js';
import { reworded } from '../errors.js';
import type { Encrypted, Encryption } from './encryption.js';
import type { NamedKey } from './encryption-keys.js';
import { describeKey } from './recipient-description.js';

/**
 * Encrypts the whole input.
 *
 * @throws KmsAsymError `input-too-large`, and as reading, writing and verifying do
 */
export async function encryptToOaep(encryption: Encryption, recipient: NamedKey): Promise<Encrypted> {
  const { plaintext, output, options } = encryption;
  // One byte more than the key carries is enough to know that the input is too long.
  const limit = maxPlaintextBytes(recipient.key.modulusBytes, DEFAULT_OAEP_ALGORITHM);
  const { bytes } = await plaintext.peek(limit + 1);
  try {
    const ciphertext = seal(recipient, bytes);
    if (options.verify === true) {
      const { verifyOaep } = await import('./verification.js');
      await verifyOaep(encryption, recipient, ciphertext, bytes);
    }
    await output.write(options.armor === true ? Buffer.from(`${encodeBase64(ciphertext)}\n`) : ciphertext);
    await output.commit();
    return {
      Format: 'oaep',
      Recipients: [describeKey(recipient)],
      PlaintextBytes: bytes.length,
      CiphertextBytes: ciphertext.length,
    };
  } finally {
    bytes.fill(0);
  }
}

function seal({ key }: NamedKey, plaintext: Uint8Array): Buffer {
  try {
    return encryptOaep(key, plaintext);
  } catch (error) {
    throw reworded(error, () => ({ hints: ['--format age takes any size'] }));
  }
}
