/** The aliases of one key, as far as they may be known. */
import { KmsAsymError } from '../errors.js';
import type { KmsClient } from '../kms/client.js';
import type { Context } from './context.js';

/**
 * Lists them. Who may look at the key need not be allowed to: then a warning says so, and nothing is known.
 *
 * @throws KmsAsymError as the client does, except for refusals
 */
export async function aliasesOf(
  kms: KmsClient,
  keyId: string,
  { terminal }: Context,
): Promise<string[] | undefined> {
  try {
    return (await kms.listAliases(keyId)).map(({ aliasName }) => aliasName);
  } catch (error) {
    if (!(error instanceof KmsAsymError) || error.code !== 'service-refused') throw error;
    await terminal.warn(`the aliases of the key are not known: ${error.message}`);
    return undefined;
  }
}
