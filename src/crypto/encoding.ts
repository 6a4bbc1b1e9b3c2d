/**
 * Base64 as RFC 4648 has it, strict: the decoders accept exactly what the encoder would have written, so a value
 * has one spelling only. Node's own decoder skips what it does not know, which hides damage.
 */

/** Standard base64 with padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

/**
 * Bytes of canonical standard base64: padded, one line, no white space, unused bits zero.
 * Returns `undefined` for anything else.
 */
export function decodeBase64(text: string): Buffer | undefined {
  // Encoding again what was decoded is much faster than a pattern, and exactly as strict.
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Standard base64 without padding, as age has it. */
export function encodeBase64Unpadded(bytes: Uint8Array): string {
  return encodeBase64(bytes).replace(/=+$/, '');
}

/** Bytes of canonical standard base64 without padding; `undefined` for anything else. */
export function decodeBase64Unpadded(text: string): Buffer | undefined {
  if (text.endsWith('=')) return undefined;
  return decodeBase64(text.padEnd(Math.ceil(text.length / 4) * 4, '='));
}

/** Text that could be base64 in any wrapping, URL-safe or not. */
export const ONLY_BASE64 = /^[A-Za-z0-9+/_\-=\s]*$/;

/** {@link ONLY_BASE64} in its plainest spelling: the standard alphabet, neither white space nor padding. */
export function bareBase64(text: string): string {
  return text.replace(/\s+/g, '').replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
}

/** The same bytes as a Buffer, without copying. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
