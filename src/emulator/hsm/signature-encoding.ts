/**
 * Encodings around a bare RSA or ECDSA private-key operation: DigestInfo (RFC 8017, section 9.2), EMSA-PSS
 * (section 9.1.1) and the DER form of an ECDSA signature (RFC 3279, section 2.2.3). All over SHA-256.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mgf1 } from './mgf1.js';

const SHA256_BYTES = 32;
const SHA256_DIGEST_INFO_PREFIX = Uint8Array.from([
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
  0x20,
]);

/** DER DigestInfo of a SHA-256 digest: what RSASSA-PKCS1-v1_5 pads and signs. */
export function sha256DigestInfo(digest: Uint8Array): Uint8Array {
  return Buffer.concat([SHA256_DIGEST_INFO_PREFIX, digest]);
}

/**
 * EMSA-PSS encoding of a SHA-256 digest with a 32-byte salt and MGF1 over SHA-256, for a modulus of
 * `modulusBytes` whole bytes (emBits is one less than the modulus, so the top bit is cleared).
 */
export function emsaPssEncode(digest: Uint8Array, modulusBytes: number): Uint8Array {
  const salt = randomBytes(SHA256_BYTES);
  const hash = createHash('sha256').update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const block = Buffer.alloc(modulusBytes - SHA256_BYTES - 1);
  block.writeUInt8(0x01, block.length - SHA256_BYTES - 1);
  block.set(salt, block.length - SHA256_BYTES);
  const mask = mgf1('sha256', hash, block.length);
  const masked = block.map((byte, index) => byte ^ mask.readUInt8(index));
  masked.set([mask.readUInt8(0) & 0x7f]);
  return Buffer.concat([masked, hash, Uint8Array.of(0xbc)]);
}

/** DER `SEQUENCE { r, s }` of the fixed-length `r || s` that tokens give for 256-bit curves. */
export function ecdsaDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const body = Buffer.concat([derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half))]);
  return Buffer.concat([Uint8Array.of(0x30, body.length), body]);
}

function derInteger(bytes: Uint8Array): Uint8Array {
  const isZero = bytes.every((byte) => byte === 0);
  const digits = isZero ? bytes.subarray(-1) : bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  // A zero in front keeps a first bit of one from meaning a negative number.
  const body = Buffer.concat([Uint8Array.of(0), digits]);
  const content = body.readUInt8(1) & 0x80 ? body : body.subarray(1);
  return Buffer.concat([Uint8Array.of(0x02, content.length), content]);
}
