/**
 * The text of age's key files, recipients and identities alike: one key per line, `#` comments, empty lines.
 *
 * Invariant: no message quotes a line. The file may hold secrets, or be one that was named by mistake.
 */
import { KmsAsymError, reworded, type ErrorCode } from '../errors.js';

/** One key as it stands in a file. */
export interface KeyLine {
  readonly text: string;
  /** For messages: `line 3 of "keys.txt"`. */
  readonly where: string;
}

/** Something that people write in place of a key, and what to do instead. */
export interface ForeignKeyLine {
  readonly pattern: RegExp;
  /** Verb phrase: `is an SSH key`. */
  readonly what: string;
  readonly hints: readonly string[];
}

/** Largest file of age keys that is read, in bytes. */
export const MAX_KEY_FILE_BYTES = 1024 * 1024;

/**
 * The keys of a file, none of them read yet.
 *
 * @param code - of the error when there are none, or when the file is no text
 * @throws KmsAsymError
 */
export function readKeyLines(bytes: Uint8Array, name: string, code: ErrorCode): readonly KeyLine[] {
  const lines = decode(bytes, name, code)
    .split('\n')
    .map((line, index) => ({ text: line.trim(), where: `line ${index + 1} of "${name}"` }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  if (lines.length === 0) throw new KmsAsymError(code, `"${name}" holds no key`);
  return lines;
}

/** Names what a line is when it is no key that this program uses; the first row that fits decides. */
export function explainLine(
  { text, where }: KeyLine,
  rows: readonly ForeignKeyLine[],
  code: ErrorCode,
): KmsAsymError | undefined {
  const row = rows.find(({ pattern }) => pattern.test(text));
  return row && new KmsAsymError(code, `${where} ${row.what}`, { hints: row.hints });
}

/** Runs `read`; its errors say at which line. */
export function at<T>({ where }: KeyLine, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw reworded(error, ({ message }) => ({ message: `${where}: ${message}` }));
  }
}

function decode(bytes: Uint8Array, name: string, code: ErrorCode): string {
  try {
    // Also takes a byte order mark away.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new KmsAsymError(code, `"${name}" is not UTF-8 text`, {
      hints: ['PowerShell writes UTF-16 with ">": use Out-File -Encoding ascii'],
      cause,
    });
  }
}
