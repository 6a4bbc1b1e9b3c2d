/** The mask generation function of RSA-OAEP and RSA-PSS: MGF1 (RFC 8017, appendix B.2.1). */
import { hash as digest } from 'node:crypto';

/** `length` mask bytes from `seed`; `hash` is an OpenSSL name. Time depends on the lengths alone. */
export function mgf1(hash: string, seed: Uint8Array, length: number): Buffer {
  const mask = Buffer.alloc(length);
  const input = Buffer.concat([seed, Buffer.alloc(4)]);
  for (let produced = 0, index = 0; produced < length; index += 1) {
    input.writeUInt32BE(index, seed.length);
    // Text of one byte a character costs less than a buffer each, and looks nothing up in a table.
    produced += mask.write(digest(hash, input, 'binary'), produced, 'binary');
  }
  return mask;
}
