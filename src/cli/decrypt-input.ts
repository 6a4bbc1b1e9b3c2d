/** One decryption, of whatever kind the input turns out to be; the same for a file alone and for one of many. */
import { recognizeAge, RECOGNITION_BYTES } from '../age/recognition.js';
import { KmsAsymError } from '../errors.js';
import type { Input } from '../io/input.js';
import type { Output } from '../io/output.js';
import { Peeked } from '../io/peek.js';
import type { Decrypted, Decryption, DecryptionRun } from './decryption.js';

/**
 * Decrypts the whole input.
 *
 * @throws KmsAsymError `usage` for flags that do not fit the input, and as reading, writing, opening and asking the service
 * do; then nothing is left of the output
 */
export async function decryptInput(run: DecryptionRun, input: Input, output: Output): Promise<Decrypted> {
  if (input.isInterrupted === true) {
    await run.context.terminal.note(
      `a rewrap of "${input.name}" was interrupted: its header is read from the journal; rewrap it again to finish that`,
    );
  }
  const ciphertext = new Peeked(input.chunks());
  const decryption: Decryption = { run, input, ciphertext, output };
  const encoding = recognizeAge((await ciphertext.peek(RECOGNITION_BYTES)).bytes);
  if (!encoding) {
    const { decryptOaep } = await import('./oaep-decryption.js');
    return decryptOaep(decryption);
  }
  if (run.options.algorithm !== undefined) {
    throw new KmsAsymError('usage', `"${input.name}" is an age file, which names its algorithm itself`, {
      hints: ['leave --algorithm out'],
    });
  }
  const { decryptAge } = await import('./age-decryption.js');
  return decryptAge(decryption, encoding);
}
