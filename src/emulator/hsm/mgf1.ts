/** The mask generation function of RSA-OAEP and RSA-PSS: MGF1 (RFC 8017, appendix B.2.1). */
import { createHash } from 'node:crypto';

/** `length` mask bytes from `seed`; `hash` is an OpenSSL name. Time depends on the lengths alone. */
export function mgf1(hash: string, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  const counter = Buffer.alloc(4);
  for (let produced = 0, index = 0; produced < length; index += 1) {
    counter.writeUInt32BE(index);
    const block = createHash(hash).update(seed).update(counter).digest();
    blocks.push(block);
    produced += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}
