/**
 * A new header for an old payload. The file key stays, so whoever could open the file and kept its old header, or the
 * file key, still can: only a new file key and a payload encrypted anew would end that.
 */
import { encodeHeader } from './header.js';
import { parseKmsStanza, type KmsRecipient } from './kms-stanza.js';
import type { Recipient } from './recipient.js';
import { wrapFor } from './seal-header.js';
import type { Stanza } from './stanza.js';

/** Who a file is to be for. */
export interface RewrapPlan {
  /** KMS keys that take the place of all KMS keys in the header; each once. */
  readonly keys: readonly KmsRecipient[];
  /** Whom it is for in addition, every time: their stanzas do not say whether they are there already. */
  readonly others: readonly Recipient[];
  /** Keep the KMS keys that are there, and add those that are not. */
  readonly keepsKeys: boolean;
}

/**
 * True when a header says that there is nothing to do. It may be wrong about that: it is not authenticated before the
 * file is opened.
 *
 * @throws KmsAsymError `invalid-ciphertext` for a malformed stanza of a KMS key
 */
export function isAsPlanned(stanzas: readonly Stanza[], { keys, others, keepsKeys }: RewrapPlan): boolean {
  const present = stanzas.map(parseKmsStanza).filter((stanza) => stanza !== undefined);
  return (
    others.length === 0 &&
    (keepsKeys || present.length === keys.length) &&
    keys.every((key) => present.some((stanza) => key.isNamedBy(stanza)))
  );
}

/**
 * The header of a file for other recipients. Those that are no KMS keys stay, in their order; the new KMS keys stand
 * where the first of the old ones stood.
 *
 * @param stanzas - of the old header, which is authentic under the file key
 * @throws KmsAsymError as {@link encodeHeader}, and what a recipient throws
 */
export async function rewrapHeader(
  stanzas: readonly Stanza[],
  fileKey: Uint8Array,
  { keys, others, keepsKeys }: RewrapPlan,
): Promise<Buffer> {
  const present = stanzas.map((stanza) => ({ stanza, kms: parseKmsStanza(stanza) }));
  const missing = keys.filter((key) => !keepsKeys || !present.some(({ kms }) => kms && key.isNamedBy(kms)));
  const wrapped = await wrapFor(missing, fileKey);
  const first = keepsKeys ? -1 : present.findIndex(({ kms }) => kms !== undefined);
  const place = first < 0 ? present.length : first;
  const kept = (part: typeof present): Stanza[] =>
    part.filter(({ kms }) => keepsKeys || kms === undefined).map(({ stanza }) => stanza);
  const all = [
    ...kept(present.slice(0, place)),
    ...wrapped,
    ...kept(present.slice(place)),
    ...(await wrapFor(others, fileKey)),
  ];
  return encodeHeader(all, fileKey);
}
