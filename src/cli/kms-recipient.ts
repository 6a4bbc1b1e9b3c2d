/** A KMS key as a recipient of age files. */
import { KmsRecipient } from '../age/kms-stanza.js';
import type { Context } from './context.js';
import { regionOfKey, type NamedKey } from './encryption-keys.js';
import type { GlobalOptions } from './options.js';

/**
 * The recipient that a key is. Its region is the one of its file, else the one of `--region`.
 *
 * @throws KmsAsymError as {@link regionOfKey}, and `usage` for a key that is named by an alias or ARN
 */
export function toKmsRecipient(named: NamedKey, options: GlobalOptions, context: Context): KmsRecipient {
  const region = regionOfKey(named, options, context.env);
  return new KmsRecipient(named.key, { ...named, ...(region !== undefined && { region }) });
}
