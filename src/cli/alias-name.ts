/** Names of aliases. */
import { KmsAsymError } from '../errors.js';

const ALIAS = /^alias\/(?!acs)[A-Za-z0-9_\-/]{1,255}$/;

/** True when what names a key is an alias, or the ARN of one: it may name another key tomorrow. */
export function namesAlias(keyId: string): boolean {
  return /(^|:)alias\//.test(keyId);
}

/**
 * The alias, as it was given; checked before anything is sent, since create-key would leave a key without its alias.
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
