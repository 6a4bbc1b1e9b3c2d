/** Which stanzas of a file the identities are for. */
import type { KeyLocator } from '../crypto/public-key-file.js';
import type { KmsStanza } from './kms-stanza.js';

const PARTS = ['region', 'keyId', 'keyVersionId'] as const satisfies (keyof KeyLocator)[];

/**
 * The stanzas that at least one identity is for, in the order of the file. An identity is for what agrees with all
 * that it says; a stanza that does not say what its key is may be anybody's.
 */
export function selectStanzas(
  identities: readonly KeyLocator[],
  stanzas: readonly KmsStanza[],
): readonly KmsStanza[] {
  return stanzas.filter(({ locator }) => identities.some((identity) => agrees(identity, locator)));
}

function agrees(identity: KeyLocator, locator: KeyLocator = {}): boolean {
  return PARTS.every((part) => {
    return identity[part] === undefined || locator[part] === undefined || identity[part] === locator[part];
  });
}
