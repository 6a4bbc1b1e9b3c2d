/** Names of aliases, checked before anything is sent: create-key would leave a key without its alias. */
import { KmsAsymError } from '../errors.js';

const ALIAS = /^alias\/(?!acs)[A-Za-z0-9_\-/]{1,255}$/;

/**
 * The alias, as it was given.
 *
 * @throws KmsAsymError `usage`
 */
export function requireAliasName(name: string): string {
  if (ALIAS.test(name)) return name;
  throw new KmsAsymError('usage', `"${name}" is not an alias`, {
    hints: [
      'an alias is "alias/" and 1 to 255 letters, digits, "_", "-" or "/"; "alias/acs" begins those of the service',
    ],
  });
}
