/** One encryption, to the format that fits the input; the same for a file alone and for one of many. */
import { maxPlaintextBytes, DEFAULT_OAEP_ALGORITHM } from '../crypto/algorithms.js';
import { KmsAsymError } from '../errors.js';
import type { Input } from '../io/input.js';
import type { Output } from '../io/output.js';
import { Peeked } from '../io/peek.js';
import type { Encrypted, Encryption, EncryptionRun } from './encryption.js';
import type { NamedKey } from './encryption-keys.js';
import { encryptToOaep } from './oaep-encryption.js';

/**
 * Encrypts the whole input.
 *
 * @throws KmsAsymError `usage` for a format that the recipients do not fit, and as reading, writing and verifying do; then
 * nothing is left of the output
 */
export async function encryptInput(run: EncryptionRun, input: Input, output: Output): Promise<Encrypted> {
  const encryption: Encryption = { ...run, input, plaintext: new Peeked(input.chunks()), output };
  const key = await chooseOaepKey(encryption);
  await run.context.terminal.detail(`format ${key ? 'oaep' : 'age'}, ${DEFAULT_OAEP_ALGORITHM}`);
  if (key) return encryptToOaep(encryption, key);
  const { encryptToAge } = await import('./age-encryption.js');
  return encryptToAge(encryption);
}

/** The key of one RSA ciphertext, or `undefined` for an age file. */
async function chooseOaepKey(encryption: Encryption): Promise<NamedKey | undefined> {
  const { keys, recipients, plaintext, options } = encryption;
  if (options.format === 'age') return undefined;
  const [key, ...others] = keys;
  if (!key || others.length + recipients.length > 0) {
    if (options.format === 'auto') return undefined;
    throw new KmsAsymError('usage', 'one RSA ciphertext is for one KMS key', {
      hints: ['--format age is for several recipients, and for those of age'],
    });
  }
  if (options.format === 'oaep') return key;
  const limit = maxPlaintextBytes(key.key.modulusBytes, DEFAULT_OAEP_ALGORITHM);
  return (await plaintext.peek(limit)).truncated ? undefined : key;
}
