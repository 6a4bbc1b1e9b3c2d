/**
 * One RSA ciphertext in any of the spellings it travels in: raw bytes, base64 on one line, wrapped, with CRLF, or
 * URL-safe. Damage that has a well-known cause is named, because "invalid ciphertext" helps nobody.
 *
 * Raw and text cannot be mistaken for each other: a raw ciphertext that consists of base64 characters only would
 * be a one in 2^500 accident.
 */
import { RSA_CIPHERTEXT_BYTES as SIZES } from './algorithms.js';
import { ageAccident, diagnose, invalid } from './ciphertext-accident.js';
import { bareBase64, decodeBase64Unpadded, ONLY_BASE64 } from './encoding.js';

/** Bytes of one RSA ciphertext and how they were spelled. */
export interface Ciphertext {
  readonly bytes: Buffer;
  readonly encoding: 'raw' | 'base64';
}

/** Longest input that can be one ciphertext in any spelling; beyond it nothing is worth reading. */
export const MAX_CIPHERTEXT_INPUT_BYTES = 16 * 1024;

/** Fewer characters than this are more likely a word than a ciphertext that was cut off. */
const SHORTEST_BASE64 = 64;

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
  const bare = bareBase64(text);
  if (bare.length < SHORTEST_BASE64) throw diagnose(Buffer.from(text, 'latin1'), text, name);
  // Hexadecimal is base64 too, of something half as long again; random bytes never look like this.
  if (/^[\da-f]+$/i.test(bare) && SIZES.includes(bare.length / 2)) {
    throw invalid(name, 'is hexadecimal text', ['turn it back: xxd -r -p FILE > FIXED']);
  }
  const bytes = decodeBase64Unpadded(bare);
  if (!bytes)
    throw invalid(name, 'looks like base64 but is cut off or damaged', ['copy the whole text again']);
  if (SIZES.includes(bytes.length)) return bytes;
  const inner = bytes.toString('latin1');
  if (bytes.length > 64 && ONLY_BASE64.test(inner)) {
    throw invalid(name, 'is base64 of base64: it was encoded twice', [
      'decode it once: base64 -d FILE > FIXED',
    ]);
  }
  throw invalid(name, `is base64 of ${bytes.length} bytes, but an RSA ciphertext has ${SIZES.join(', ')}`, [
    'copy the whole text again; it may be cut off',
  ]);
}
