/** Which stanzas of a file the identities are for. */
import { LOCATOR_PARTS, type KeyLocator } from '../crypto/key-locator.js';
import type { Candidate } from './kms-identity.js';
import type { KmsStanza } from './kms-stanza.js';

/**
 * The stanzas that at least one identity is for, those that say what their key is first, each in the order of the
 * file. An identity is for what agrees with all that it says; a stanza that does not say what its key is may be
 * anybody's, so it is a candidate once for each identity.
 */
export function selectStanzas(
  identities: readonly KeyLocator[],
  stanzas: readonly KmsStanza[],
): readonly Candidate[] {
  const named = stanzas.filter(({ locator }) => locator && identities.some((each) => agrees(each, locator)));
  const nameless = stanzas.filter(({ locator }) => locator === undefined);
  return [...named, ...nameless.flatMap((stanza) => identities.map((guess) => ({ ...stanza, guess })))];
}

function agrees(identity: KeyLocator, locator: KeyLocator): boolean {
  return LOCATOR_PARTS.every((part) => identity[part] === undefined || identity[part] === locator[part]);
}
