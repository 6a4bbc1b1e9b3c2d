/**
 * Makes text that came from a server fit to be shown: one line, bounded, without control characters, terminal
 * escape sequences or invisible and bidirectional formatting (Unicode categories Cc, Cf, Cs, Co, Zl, Zp).
 */

const ESCAPE = String.fromCodePoint(0x1b);
const TERMINAL_SEQUENCE = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\p{Cc}]*)`, 'gu');
const SEPARATORS = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
const INVISIBLE = /[\p{Cf}\p{Cs}\p{Co}]/gu;

/** Longest text {@link serviceText} returns unless told otherwise, in characters. */
export const MAX_SERVICE_TEXT_CHARS = 500;

/** `text` on one line of at most `maxChars` characters; a cut is marked with `…`. Never throws. */
export function serviceText(text: string, maxChars: number = MAX_SERVICE_TEXT_CHARS): string {
  // What will be shown at most survives a first rough cut, which bounds the work on a hostile megabyte.
  const rough = text.slice(0, maxChars * 16);
  const line = rough.replace(TERMINAL_SEQUENCE, '').replace(INVISIBLE, '').replace(SEPARATORS, ' ').trim();
  const characters = Array.from(line);
  return characters.length <= maxChars ? line : `${characters.slice(0, maxChars - 1).join('')}…`;
}
