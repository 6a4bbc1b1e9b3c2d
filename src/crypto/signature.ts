/**
 * Verifies signatures of the service where they are, from the public key alone: RSASSA-PSS and RSASSA-PKCS1-v1_5 (RFC
 * 8017, section 8) and ECDSA with DER values (FIPS 186-5, SEC 1), over SHA-256 of data of any size.
 *
 * A PSS signature with a salt of another length is refused, as AsymmetricVerify refuses it: what is verified here is
 * verified there.
 */
import { constants, createHash, createVerify, type Hash, type Verify } from 'node:crypto';
import {
  PSS_SALT_BYTES,
  RSA_KEY_SPECS,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithmName,
} from './algorithms.js';
import type { PublicKey } from './public-key.js';

/** Takes data in pieces; then it knows their digest, and which signatures fit them. */
export class SignedData {
  readonly #hash: Hash = createHash('sha256');
  readonly #verify: Verify | undefined;
  #length = 0;

  /** @param signer - whose signature shall be verified, if that is known */
  constructor(private readonly signer?: { publicKey: PublicKey; algorithm: SignatureAlgorithmName }) {
    this.#verify = signer && createVerify('sha256');
  }

  /** Takes the next piece. */
  update(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#verify?.update(piece);
    this.#length += piece.length;
  }

  /** How many bytes it was. */
  get length(): number {
    return this.#length;
  }

  /** SHA-256 of the data, 32 bytes. Ends them; may be called once. */
  digest(): Buffer {
    return this.#hash.digest();
  }

  /** True when the signer made this signature over the data. May be called once, for a known signer. */
  isSignedBy(signature: Uint8Array): boolean {
    if (!this.signer || !this.#verify) throw new Error('nobody was named whose signature it could be');
    const { publicKey, algorithm } = this.signer;
    const key = publicKey.keyObject;
    const { padding } = SIGNATURE_ALGORITHMS[algorithm] as { padding?: 'pss' | 'pkcs1' };
    // OpenSSL takes a shorter number as well, which RFC 8017 (sections 8.1.2 and 8.2.2, step 1) does not.
    if (padding !== undefined && signature.length !== signatureBytes(publicKey)) return false;
    if (padding === undefined) return this.#verify.verify({ key, dsaEncoding: 'der' }, signature);
    return padding === 'pss'
      ? this.#verify.verify(
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES },
          signature,
        )
      : this.#verify.verify({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
}

/** Length in bytes of every RSA signature of a key; `undefined` for EC keys, whose signatures vary. */
export function signatureBytes({ keySpec }: PublicKey): number | undefined {
  return Object.entries(RSA_KEY_SPECS).find(([name]) => name === keySpec)?.[1];
}
