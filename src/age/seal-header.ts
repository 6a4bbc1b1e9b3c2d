/** The header of a new age file (C2SP age.md), for all who are to open it. */
import { createFileKey, wipe } from './file-key.js';
import { encodeHeader } from './header.js';
import type { Recipient } from './recipient.js';
import type { Stanza } from './stanza.js';

/** A header to begin a file with, and the file key of that file. */
export interface SealedHeader {
  readonly header: Buffer;
  /** For this file's payload only; whoever has it wipes it. */
  readonly fileKey: Buffer;
}

/**
 * Makes a fresh file key and wraps it for all recipients, at least one.
 *
 * @throws KmsAsymError as {@link encodeHeader}, and what a recipient throws
 */
export async function sealHeader(recipients: readonly Recipient[]): Promise<SealedHeader> {
  const fileKey = createFileKey();
  try {
    return { header: encodeHeader(await wrapFor(recipients, fileKey), fileKey), fileKey };
  } catch (error) {
    wipe(fileKey);
    throw error;
  }
}

/** The stanzas of all recipients, in their order. Rejects with what one of them throws. */
export async function wrapFor(recipients: readonly Recipient[], fileKey: Uint8Array): Promise<Stanza[]> {
  const stanzas = [];
  for (const recipient of recipients) stanzas.push(...(await recipient.wrap(fileKey)));
  return stanzas;
}
