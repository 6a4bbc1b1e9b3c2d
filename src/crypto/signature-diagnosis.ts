/**
 * Why a signature does not fit. An RSA signature shows, under the key that made it, how it was made (RFC 8017, sections
 * 9.1 and 9.2), so another algorithm, another key and other data can be told apart. Of ECDSA only the spelling tells.
 */
import { constants, createHash, publicDecrypt } from 'node:crypto';
import { PSS_SALT_BYTES, type SignatureAlgorithmName } from './algorithms.js';
import type { PublicKey } from './public-key.js';
import { signatureBytes } from './signature.js';

/** A signature that does not fit the data under this key and algorithm. */
export interface Misfit {
  readonly publicKey: PublicKey;
  readonly algorithm: SignatureAlgorithmName;
  readonly signature: Uint8Array;
}

const HASH_BYTES = 32;
/** DigestInfo (RFC 8017, section 9.2, note 1) up to the digest, in hexadecimal. */
const DIGEST_INFOS: readonly (readonly [string, string])[] = [
  ['SHA-1', '3021300906052b0e03021a05000414'],
  ['SHA-256', '3031300d060960864801650304020105000420'],
  ['SHA-384', '3041300d060960864801650304020205000430'],
  ['SHA-512', '3051300d060960864801650304020305000440'],
];

const OTHER_DATA = [
  'this key made it, but over other data: the data were changed, or it belongs to another file',
];
const OTHER_KEY = ['another key made it, or it was damaged'];

/** Lines for people, most useful first. */
export function explainMisfit(misfit: Misfit): readonly string[] {
  const { keySpec } = misfit.publicKey;
  const size = signatureBytes(misfit.publicKey);
  if (size === undefined) return explainEcdsa(misfit.signature);
  if (misfit.signature.length !== size) {
    return [`it has ${misfit.signature.length} bytes, but a signature of an ${keySpec} key has ${size}`];
  }
  const block = openBlock(misfit);
  return block ? explainBlock(block, misfit.algorithm) : OTHER_KEY;
}

function explainEcdsa(signature: Uint8Array): readonly string[] {
  if (signature.length === 64 && signature[1] !== signature.length - 2) {
    return ['it is r and s side by side, as in JWT and WebCrypto: KMS and openssl write ASN.1 DER'];
  }
  const isDer = signature[0] === 0x30 && signature[1] === signature.length - 2;
  if (!isDer) return ['it is no ECDSA signature in DER: another type of key made it, or it was damaged'];
  return ['the data were changed, or another key made it'];
}

/** What the private key was applied to, if this is the key. */
function openBlock({ publicKey, signature }: Misfit): Buffer | undefined {
  try {
    return publicDecrypt({ key: publicKey.keyObject, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    // Larger than the modulus.
    return undefined;
  }
}

function explainBlock(block: Buffer, algorithm: SignatureAlgorithmName): readonly string[] {
  const hash = /^0001(?:ff){8,}00(30.*)$/.exec(block.toString('hex'))?.[1];
  const pkcs1 = hash && DIGEST_INFOS.find(([, prefix]) => hash.startsWith(prefix))?.[0];
  if (pkcs1 === 'SHA-256')
    return algorithm === 'RSA_PKCS1_SHA_256' ? OTHER_DATA : tryInstead('RSA_PKCS1_SHA_256');
  if (pkcs1) return [`this key made it over ${pkcs1}, but KMS signs SHA-256`];
  const saltBytes = pssSaltBytes(block);
  if (saltBytes === undefined) return OTHER_KEY;
  if (saltBytes !== PSS_SALT_BYTES) {
    return [
      `its PSS salt has ${saltBytes} bytes, but those of KMS have ${PSS_SALT_BYTES}`,
      'with openssl: -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest',
    ];
  }
  return algorithm === 'RSA_PSS_SHA_256' ? OTHER_DATA : tryInstead('RSA_PSS_SHA_256');
}

function tryInstead(algorithm: SignatureAlgorithmName): readonly string[] {
  return [`this key made it by another algorithm: --algorithm ${algorithm}`];
}

/** Length of the salt in an encoded message of PSS with SHA-256; `undefined` when it is none. */
function pssSaltBytes(block: Buffer): number | undefined {
  const dataBytes = block.length - HASH_BYTES - 1;
  if (block.at(-1) !== 0xbc) return undefined;
  const mask = maskOf(block.subarray(dataBytes, -1), dataBytes);
  const data = Buffer.from(block.subarray(0, dataBytes).map((byte, index) => byte ^ mask.readUInt8(index)));
  // The modulus is a whole number of bytes, the encoded message one bit less.
  data.writeUInt8(data.readUInt8() & 0x7f);
  const start = data.findIndex((byte) => byte !== 0);
  return data[start] === 0x01 ? dataBytes - start - 1 : undefined;
}

/** MGF1 with SHA-256 (RFC 8017, appendix B.2.1). */
function maskOf(seed: Uint8Array, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, index) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(index);
    return createHash('sha256').update(seed).update(counter).digest();
  });
  return Buffer.concat(blocks, length);
}
