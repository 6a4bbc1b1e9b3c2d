/** Makes age files (C2SP age.md): a header for the recipients, then the payload. */
import type { ByteStream } from './byte-stream.js';
import { createFileKey, wipe } from './file-key.js';
import { encodeHeader } from './header.js';
import type { Recipient } from './recipient.js';
import { encryptStream } from './stream.js';

/** A header to begin a file with, and the file key of that file. */
export interface SealedHeader {
  readonly header: Buffer;
  /** For this file's payload only; whoever has it wipes it. */
  readonly fileKey: Buffer;
}

/** Makes a fresh file key and wraps it for all recipients, at least one. Rejects with what a recipient throws. */
export async function sealHeader(recipients: readonly Recipient[]): Promise<SealedHeader> {
  const fileKey = createFileKey();
  try {
    const stanzas = [];
    for (const recipient of recipients) stanzas.push(...(await recipient.wrap(fileKey)));
    return { header: encodeHeader(stanzas, fileKey), fileKey };
  } catch (error) {
    wipe(fileKey);
    throw error;
  }
}

/** Encrypts `plaintext` to all recipients, at least one; yields the age file in constant memory. */
export async function* encrypt(
  recipients: readonly Recipient[],
  plaintext: ByteStream,
): AsyncGenerator<Uint8Array> {
  const { header, fileKey } = await sealHeader(recipients);
  try {
    yield header;
    yield* encryptStream(fileKey, plaintext);
  } finally {
    wipe(fileKey);
  }
}
