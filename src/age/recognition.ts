/** Tells age files from anything else by their first bytes. */
import { asBuffer } from '../crypto/encoding.js';
import { ARMOR_BEGIN, MAX_LEADING_SPACE_BYTES } from './armor.js';
import { VERSION_PREFIX } from './header.js';

/** How an age file is spelled. */
export type AgeEncoding = 'binary' | 'armor';

/** As many first bytes of a file decide what it is. */
export const RECOGNITION_BYTES = MAX_LEADING_SPACE_BYTES + ARMOR_BEGIN.length;

/**
 * Recognises an age file, of any version.
 *
 * @param head - the first {@link RECOGNITION_BYTES} of the file or more; fewer only when it is shorter
 */
export function recognizeAge(head: Uint8Array): AgeEncoding | undefined {
  const text = asBuffer(head).toString('latin1', 0, RECOGNITION_BYTES);
  if (text.startsWith(VERSION_PREFIX)) return 'binary';
  return /^[\t-\r ]*-----BEGIN AGE ENCRYPTED FILE-----/.test(text) ? 'armor' : undefined;
}
