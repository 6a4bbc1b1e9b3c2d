/**
 * EME-OAEP decoding (RFC 8017, section 7.1.2, step 3) with an empty label, after a token's raw RSA operation.
 * Invariant: no branch and no index depends on the encoded message until every byte has been looked at; then one
 * bit, whether it decodes, decides. All reasons for a refusal are one (Manger, CRYPTO 2001).
 */
import { createHash } from 'node:crypto';
import { mgf1 } from './mgf1.js';

const labelHashes = new Map<string, Buffer>();

/**
 * The message in `encoded`, which is as long as the modulus; `undefined` when it does not decode. `hash` is the
 * OpenSSL name of the hash of the label and of MGF1.
 */
export function oaepDecode(encoded: Buffer, hash: string): Uint8Array | undefined {
  const labelHash = emptyLabelHash(hash);
  const hashBytes = labelHash.length;
  const maskedBlock = encoded.subarray(1 + hashBytes);
  const seed = xor(encoded.subarray(1, 1 + hashBytes), mgf1(hash, maskedBlock, hashBytes));
  const block = xor(maskedBlock, mgf1(hash, seed, maskedBlock.length));

  let bad = encoded.readUInt8(0);
  for (let i = 0; i < hashBytes; i += 1) bad |= block.readUInt8(i) ^ labelHash.readUInt8(i);

  // `looking` is all ones until the 0x01 that ends the padding, then zero.
  let looking = -1;
  let separator = 0;
  for (let i = hashBytes; i < block.length; i += 1) {
    const byte = block.readUInt8(i);
    const isOne = equalMask(byte, 1);
    separator |= i & looking & isOne;
    bad |= looking & ~isOne & ~equalMask(byte, 0);
    looking &= ~isOne;
  }
  bad |= looking;
  return bad === 0 ? block.subarray(separator + 1) : undefined;
}

/** All ones when two bytes are equal, else zero. */
function equalMask(a: number, b: number): number {
  return ((a ^ b) - 1) >> 31;
}

function xor(a: Buffer, b: Buffer): Buffer {
  const out = Buffer.alloc(a.length);
  for (let i = 0; i < a.length; i += 1) out.writeUInt8(a.readUInt8(i) ^ b.readUInt8(i), i);
  return out;
}

function emptyLabelHash(hash: string): Buffer {
  const known = labelHashes.get(hash) ?? createHash(hash).digest();
  labelHashes.set(hash, known);
  return known;
}
