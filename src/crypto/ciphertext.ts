/**
 * One RSA ciphertext in any of the spellings it travels in: raw bytes, base64 on one line, wrapped, with CRLF, or
 * URL-safe. Damage that has a well-known cause is named, because "invalid ciphertext" helps nobody.
 *
 * Raw and text cannot be mistaken for each other: a raw ciphertext that consists of base64 characters only would
 * be a one in 2^500 accident.
 */
import { KmsAsymError } from '../errors.js';
import { RSA_KEY_SPECS } from './algorithms.js';
import { decodeBase64 } from './encoding.js';

/** Bytes of one RSA ciphertext and how they were spelled. */
export interface Ciphertext {
  readonly bytes: Buffer;
  readonly encoding: 'raw' | 'base64';
}

/** Longest input that can be one ciphertext in any spelling; beyond it nothing is worth reading. */
export const MAX_CIPHERTEXT_INPUT_BYTES = 16 * 1024;

const SIZES: readonly number[] = Object.values(RSA_KEY_SPECS);
/** Fewer characters than this are more likely a word than a ciphertext that was cut off. */
const SHORTEST_BASE64 = 64;
/** Beginnings of an age file, binary and armored, in base64. */
const AGE_IN_BASE64 = /^(YWdlLWVuY3J5cHRpb24ub3JnL|LS0tLS1CRUdJTiBBR0UgRU5DUllQVEVEIEZJTEUtLS0t)/;
const AGE_ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';
const POWERSHELL = ['PowerShell writes that with ">": use -o FILE, or Out-File -Encoding ascii'];
const ONLY_BASE64 = /^[A-Za-z0-9+/_\-=\s]*$/;

/**
 * Reads one ciphertext.
 *
 * @param name - what to call the input in messages
 * @param truncated - `input` is only the beginning of something longer
 * @throws KmsAsymError `invalid-ciphertext`, naming the likely accident
 */
export function parseCiphertext(input: Buffer, name: string, truncated = false): Ciphertext {
  const text = input.toString('latin1');
  const accident = ageAccident(input, name);
  if (accident) throw accident;
  if (truncated) {
    throw invalid(name, 'is too long to be one RSA ciphertext, and no age file', [
      'encrypt writes 256, 384 or 512 bytes, their base64, or an age file',
    ]);
  }
  if (text.trim() === '') throw invalid(name, 'is empty');
  if (ONLY_BASE64.test(text)) return { bytes: fromText(text, name), encoding: 'base64' };
  if (SIZES.includes(input.length)) return { bytes: input, encoding: 'raw' };
  throw diagnose(input, text, name);
}

function fromText(text: string, name: string): Buffer {
  const compact = text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
  const bare = compact.replace(/=+$/, '');
  if (bare.length < SHORTEST_BASE64) throw diagnose(Buffer.from(text, 'latin1'), text, name);
  const bytes = decodeBase64(bare.padEnd(Math.ceil(bare.length / 4) * 4, '='));
  if (!bytes)
    throw invalid(name, 'looks like base64 but is cut off or damaged', ['copy the whole text again']);
  if (SIZES.includes(bytes.length)) return bytes;
  const inner = bytes.toString('latin1');
  if (bytes.length > 64 && ONLY_BASE64.test(inner)) {
    throw invalid(name, 'is base64 of base64: it was encoded twice', [
      'decode it once: openssl base64 -d -A',
    ]);
  }
  throw invalid(name, `is base64 of ${bytes.length} bytes, but an RSA ciphertext has ${SIZES.join(', ')}`, [
    'copy the whole text again; it may be cut off',
  ]);
}

/**
 * What happens to age files on the way: the error for one that is not recognised any more, whatever else is wrong.
 *
 * @param input - its beginning
 */
export function ageAccident(input: Buffer, name: string): KmsAsymError | undefined {
  const text = input.toString('latin1');
  if (AGE_IN_BASE64.test(text.trimStart())) {
    return invalid(name, 'is base64 of an age file', [
      'decode it once: openssl base64 -d -A; encrypt --armor writes text that needs no decoding',
    ]);
  }
  if (text.startsWith(`\xef\xbb\xbf${AGE_ARMOR}`)) {
    return invalid(name, 'is an age file behind a byte order mark', ['save it as plain ASCII text']);
  }
  const isUtf16 = [AGE_ARMOR, `\ufeff${AGE_ARMOR}`].some((start) => {
    return input.toString('utf16le', 0, 2 * start.length) === start;
  });
  return isUtf16 ? invalid(name, 'is an age file as UTF-16 text', POWERSHELL) : undefined;
}

/** Accidents by their marks, most specific first. */
function diagnose(input: Buffer, text: string, name: string): KmsAsymError {
  if (/^(\xff\xfe|\xfe\xff)/.test(text) || isUtf16Base64(input)) {
    return invalid(name, 'is UTF-16 text', POWERSHELL);
  }
  if (text.startsWith('\xef\xbb\xbf') && ONLY_BASE64.test(text.slice(3))) {
    return invalid(name, 'is base64 behind a byte order mark', ['save it as plain ASCII text']);
  }
  if (/^\s*\{/.test(text)) {
    return invalid(name, 'is JSON, not a ciphertext', [
      'pass only the value of its "CiphertextBlob" member: jq -r .CiphertextBlob',
    ]);
  }
  const near = SIZES.find((size) => input.length > size && input.length <= size + size / 8);
  if (near !== undefined) {
    return invalid(name, `has ${input.length} bytes, a little more than the ${near} of an RSA ciphertext`, [
      'a newline was added or LF became CRLF on the way: copy the file in binary mode, or encrypt with --armor',
    ]);
  }
  return invalid(name, `has ${input.length} bytes, but an RSA ciphertext has ${SIZES.join(', ')}`);
}

function isUtf16Base64(input: Buffer): boolean {
  const text = input.toString('utf16le');
  return input.length % 2 === 0 && ONLY_BASE64.test(text);
}

function invalid(name: string, problem: string, hints: readonly string[] = []): KmsAsymError {
  return new KmsAsymError('invalid-ciphertext', `"${name}" ${problem}`, { hints });
}
