/**
 * RSA signatures over a ready SHA-256 digest, which node:crypto cannot verify by itself because it always hashes its
 * input: the public operation is OpenSSL's, the encodings are compared here (RFC 8017, sections 8.2.2 and 9.1.2).
 */
import { constants, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import { mgf1 } from '../hsm/mgf1.js';
import { sha256DigestInfo } from '../hsm/signature-encoding.js';

const HASH_BYTES = 32;
const SALT_BYTES = 32;

/** RSASSA-PKCS1-v1_5: the one encoding there is for the digest. */
export function verifyPkcs1(publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const block = recoverBlock(publicKey, signature);
  if (block === undefined) return false;
  const digestInfo = sha256DigestInfo(digest);
  const filling = Buffer.alloc(block.length - digestInfo.length - 3, 0xff);
  return block.equals(Buffer.concat([Uint8Array.of(0, 1), filling, Uint8Array.of(0), digestInfo]));
}

/** RSASSA-PSS with MGF1 over SHA-256 and a salt of 32 bytes, no other length. */
export function verifyPss(publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const block = recoverBlock(publicKey, signature);
  if (block?.at(-1) !== 0xbc) return false;
  const masked = block.subarray(0, -HASH_BYTES - 1);
  const hash = block.subarray(-HASH_BYTES - 1, -1);
  const mask = mgf1('sha256', hash, masked.length);
  const data = Buffer.from(masked.map((byte, index) => byte ^ mask.readUInt8(index)));
  // The modulus has whole bytes, so the encoding is one bit shorter than the block.
  if (masked.readUInt8(0) & 0x80) return false;
  data.writeUInt8(data.readUInt8(0) & 0x7f, 0);
  const salt = data.subarray(-SALT_BYTES);
  const zeros = data.subarray(0, -SALT_BYTES - 1);
  if (zeros.some((byte) => byte !== 0) || data.readUInt8(zeros.length) !== 1) return false;
  return createHash('sha256').update(Buffer.alloc(8)).update(digest).update(salt).digest().equals(hash);
}

/** What was signed, as long as the modulus; `undefined` for a signature of another length or above the modulus. */
function recoverBlock(key: KeyObject, signature: Uint8Array): Buffer | undefined {
  if (signature.length * 8 !== key.asymmetricKeyDetails?.modulusLength) return undefined;
  try {
    return publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return undefined;
  }
}
