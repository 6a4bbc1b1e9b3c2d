/**
 * One signature in any of the spellings it travels in: raw bytes as openssl and KMS make them, or base64 in any wrapping.
 * Neither can be mistaken for the other: DER begins with bytes that are no base64, and an RSA signature that happens to
 * consist of base64 characters is a one in 2^500 accident.
 */
import { KmsAsymError } from '../errors.js';
import { bareBase64, decodeBase64Unpadded, ONLY_BASE64 } from './encoding.js';

/** Longest file that can be one signature in any spelling, in bytes. */
export const MAX_SIGNATURE_FILE_BYTES = 16 * 1024;

/** Longest raw signature, that of RSA_4096, and some bytes more, so that a longer one is explained in its own words. */
const MAX_SIGNATURE_BYTES = 1024;

/**
 * Reads one signature.
 *
 * @param name - what to call the file in messages
 * @throws KmsAsymError `invalid-signature`
 */
export function parseSignature(file: Buffer, name: string): Buffer {
  const text = file.toString('latin1');
  if (text.trim() === '') throw invalid(name, 'is empty');
  // Before base64, of whose URL-safe form its dashes are part.
  if (text.startsWith('-----BEGIN ')) throw invalid(name, 'is PEM, not a signature');
  if (ONLY_BASE64.test(text)) return fromBase64(text, name);
  if (/^(\xff\xfe|\xfe\xff)/.test(text)) {
    throw invalid(name, 'is UTF-16 text', ['PowerShell writes that with ">": use -o FILE']);
  }
  if (/^\s*\{/.test(text)) {
    throw invalid(name, 'is JSON, not a signature', [
      'pass only the value: jq -r ".Signature // .Value" FILE > FIXED',
    ]);
  }
  if (file.length > MAX_SIGNATURE_BYTES) throw invalid(name, 'is too long to be a signature');
  return file;
}

function fromBase64(text: string, name: string): Buffer {
  const bytes = decodeBase64Unpadded(bareBase64(text));
  if (bytes) return bytes;
  throw invalid(name, 'looks like base64 but is cut off or damaged', ['copy the whole text again']);
}

function invalid(name: string, problem: string, hints: readonly string[] = []): KmsAsymError {
  return new KmsAsymError('invalid-signature', `"${name}" ${problem}`, { hints });
}
