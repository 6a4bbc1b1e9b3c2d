/** A KMS key as a recipient of age files. */
import { KmsRecipient } from '../age/kms-stanza.js';
import type { Context } from './context.js';
import type { NamedKey } from './encryption-keys.js';
import type { GlobalOptions } from './options.js';
import { chooseRegion } from './settings.js';

/**
 * The recipient that a key is. Its region is the one of its file, else the one of `--region`.
 *
 * @throws KmsAsymError as {@link chooseRegion}, and `usage` for a key that is named by an alias or ARN
 */
export function toKmsRecipient(
  { key, name, ...locator }: NamedKey,
  options: GlobalOptions,
  context: Context,
): KmsRecipient {
  const env = locator.region === undefined ? {} : context.env;
  const region = chooseRegion(options, env, locator.region, `"${name}"`);
  return new KmsRecipient(key, { ...locator, ...(region !== undefined && { region }) });
}
