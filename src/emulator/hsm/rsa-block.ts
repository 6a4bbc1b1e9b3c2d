/**
 * Public facts about an RSA ciphertext block: its length and whether it is below the modulus (RFC 8017, section
 * 5.1.2). Both are known to whoever sent it, so nothing here needs constant time.
 */

/** True when `block` is as long as `modulus` and, as a big-endian integer, smaller. */
export function isRsaBlock(block: Uint8Array, modulus: Uint8Array): boolean {
  return block.length === modulus.length && Buffer.compare(block, modulus) < 0;
}

/** A block that the private operation accepts: decrypted in place of an impossible one, to cost the same. */
export function substituteBlock(modulusBytes: number): Uint8Array {
  const block = Buffer.alloc(modulusBytes, 0x5a);
  block[0] = 0;
  return block;
}
