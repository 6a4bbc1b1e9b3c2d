/** Names of variables: what every shell and every dotenv reader takes, and dots and dashes, which some programs want. */
import { KmsAsymError } from '../../errors.js';

/** One name, as part of a pattern. */
export const VARIABLE_NAME = String.raw`[A-Za-z_][\w.-]*`;

/**
 * Makes sure that a word of the command line is a name.
 *
 * @param flag - what it was given to; the word itself may be a secret in the wrong place and is not repeated
 * @throws KmsAsymError `usage`
 */
export function requireVariableName(word: string, flag: string): void {
  if (new RegExp(`^${VARIABLE_NAME}$`).test(word)) return;
  throw new KmsAsymError('usage', `${flag} has no name of a variable where one belongs`, {
    hints: ['names have letters, digits, _, . and -, and begin with a letter or _'],
  });
}
