/** SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) of RSA keys, byte by byte. */
import { RSA_KEY_SPECS } from './algorithms.js';

/** rsaEncryption with its NULL (RFC 8017, appendix A.1). */
const ALGORITHM = '300d06092a864886f70d0101010500';
/** The exponent 65537. */
const EXPONENT = Buffer.from('0203010001', 'hex');

/** Length of what {@link headOf} makes. */
const HEAD_BYTES = 33;

/** What stands before the modulus: lengths, which are all of two bytes, and tags. */
function headOf(modulusBytes: number): Buffer {
  const u16 = (length: number): string => length.toString(16).padStart(4, '0');
  const sequence = 4 + 1 + modulusBytes + EXPONENT.length;
  const bits = `0382${u16(sequence + 5)}003082${u16(sequence)}0282${u16(modulusBytes + 1)}00`;
  return Buffer.from(`3082${u16(ALGORITHM.length / 2 + 4 + sequence + 5)}${ALGORITHM}${bits}`, 'hex');
}

/**
 * True for the one spelling, in DER, of an RSA key of the service with the exponent 65537, which is what KMS hands out.
 * Having OpenSSL write a key again to compare costs a short run two percent of its time.
 */
export function isRsaSpki(der: Uint8Array): boolean {
  const end = der.length - EXPONENT.length;
  const modulusBytes = Object.values(RSA_KEY_SPECS).find((bytes) => HEAD_BYTES + bytes === end);
  return (
    modulusBytes !== undefined &&
    headOf(modulusBytes).equals(der.subarray(0, HEAD_BYTES)) &&
    (der[HEAD_BYTES] ?? 0) >= 0x80 &&
    EXPONENT.equals(der.subarray(end))
  );
}
