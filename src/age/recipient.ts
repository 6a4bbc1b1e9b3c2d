/** The two sides of a file key (C2SP age.md, "Recipient stanza"): who it is wrapped for, and who unwraps it. */
import type { Stanza } from './stanza.js';

/** Somebody who files are encrypted to. */
export interface Recipient {
  /**
   * Wraps a file key of 16 bytes; called once for each file. Keeps no reference to the key.
   *
   * @returns one or more stanzas; each opens the file by itself
   */
  wrap(fileKey: Uint8Array): Stanza[] | Promise<Stanza[]>;
}

/** Somebody who can open files. */
export interface Identity {
  /**
   * Unwraps the file key; called at most once for each file, with all stanzas of its header in their order.
   *
   * Returns `undefined` when no stanza is of this identity's kind: the file is for others, which is no error.
   * Throws when a stanza is of its kind but malformed (before anything is sent anywhere), or when it could not be
   * opened: the key service refused it, was out of reach, or returned something other than a file key.
   *
   * The header is not authenticated yet: every byte of it may come from an attacker.
   *
   * @returns 16 bytes that the caller wipes, or `undefined`
   */
  unwrap(stanzas: readonly Stanza[]): Promise<Uint8Array | undefined>;
}
