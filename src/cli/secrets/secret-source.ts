/** A file that variables come from: what the command line says about it, and what its plaintext sets. */
import { KmsAsymError } from '../../errors.js';
import { openInput, type Input } from '../../io/input.js';
import type { ByteSource } from '../../io/stdio.js';
import { parseDotenv } from './dotenv.js';

/** An encrypted file: `--env NAME=FILE` has one value, `--dotenv-file FILE` is dotenv text. */
export interface SecretSource {
  /** Path, or `-` for stdin. */
  readonly file: string;
  /** The variable that takes the whole plaintext; absent for dotenv text. */
  readonly variable?: string;
}

/**
 * Opens the file.
 *
 * @throws KmsAsymError as {@link openInput}
 */
export function openSource({ file, variable }: SecretSource, stdin: ByteSource): Input {
  try {
    return openInput(file, stdin);
  } catch (error) {
    if (variable === undefined || !(error instanceof KmsAsymError)) throw error;
    // Whoever mistakes this flag for that of other tools has put a secret where the file's name belongs.
    const what = error.code === 'file-not-found' ? 'does not exist' : 'cannot be read';
    throw new KmsAsymError(error.code, `the file of --env "${variable}" ${what}`, {
      hints: ['--env NAME=FILE takes the name of an encrypted file, not the value'],
      cause: error,
    });
  }
}

/**
 * What a plaintext sets.
 *
 * @param fileName - what to call the file in messages, which never quote its text
 * @throws KmsAsymError `invalid-environment` when it is no text that an environment can hold
 */
export function readVariables(
  { variable }: SecretSource,
  plaintext: Uint8Array,
  fileName: string,
): ReadonlyMap<string, string> {
  const text = decodeText(plaintext, fileName);
  if (variable !== undefined) return new Map([[variable, text]]);
  const variables = parseDotenv(text, fileName);
  if (variables.size > 0) return variables;
  throw new KmsAsymError('invalid-environment', `"${fileName}" sets no variable`);
}

function decodeText(plaintext: Uint8Array, fileName: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch (error) {
    throw unfit(fileName, 'is not UTF-8 text', 'files of other bytes: kms-asym decrypt', error);
  }
  if (text.startsWith('\ufeff')) {
    throw unfit(fileName, 'begins with a byte order mark', 'save the plaintext as UTF-8 without one');
  }
  if (text.includes('\0'))
    throw unfit(fileName, 'holds a NUL character', 'files of other bytes: kms-asym decrypt');
  return text;
}

function unfit(fileName: string, what: string, hint: string, cause?: unknown): KmsAsymError {
  return new KmsAsymError(
    'invalid-environment',
    `"${fileName}" ${what}, so it is nothing for an environment`,
    {
      hints: [hint],
      cause,
    },
  );
}
