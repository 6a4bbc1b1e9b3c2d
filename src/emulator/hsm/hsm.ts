/**
 * Where private keys live. Shaped for PKCS#11 (PKCS #11 v2.40): keys are generated inside, named by an opaque
 * reference, used through it, and never come out. Everything is asynchronous because a token call blocks.
 */

import type { KeyObject } from 'node:crypto';

/** Kinds of devices, by the names that states keep. */
export const BACKENDS = ['software', 'softhsm', 'pkcs11'] as const;

/** One of them. */
export type Backend = (typeof BACKENDS)[number];

/** Key pairs an emulator key can stand on; RSA in modulus bits, EC by curve. */
export type HsmKeyType = 'RSA_2048' | 'RSA_3072' | 'RSA_4096' | 'EC_P256' | 'EC_P256K';

/** OAEP with an empty label and MGF1 over the same hash. */
export type HsmDecryptMechanism = 'RSAES_OAEP_SHA_256' | 'RSAES_OAEP_SHA_1';

/** Signatures over a 32-byte SHA-256 digest. ECDSA results are DER `SEQUENCE{r,s}`; PSS salt is 32 bytes. */
export type HsmSignMechanism = 'RSA_PSS_SHA_256' | 'RSA_PKCS1_SHA_256' | 'ECDSA_SHA_256';

/** A key pair inside the device. */
export interface HsmKey {
  /** Opaque, unique within the device, stable across restarts of a device that persists (CKA_ID in hex). */
  readonly ref: string;
  readonly type: HsmKeyType;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array;
}

/** A device that keeps private keys and works with them. */
export interface Hsm {
  readonly backend: Backend;
  /** One line for people: library, token label, version; never a PIN. */
  readonly description: string;
  /** Tells the device from others of its backend, over restarts: a token's label and serial number. No secret. */
  readonly identity: string;
  /** True when keys really live in a token; false for the imitation. */
  readonly isHardwareBacked: boolean;
  /** Generates a sensitive, non-extractable key pair. Rejects with `KmsAsymError` `emulator` on device trouble. */
  generateKey(type: HsmKeyType): Promise<HsmKey>;
  /** Takes in a private key of `type` from outside; from then on it is sealed like a generated one. */
  importKey(type: HsmKeyType, privateKey: KeyObject): Promise<HsmKey>;
  /** References of all keys that were made for the owner that the device was opened for, and of no others. */
  keys(): Promise<readonly string[]>;
  /**
   * Decrypts one block of modulus length. Resolves to `undefined` for every ciphertext that does not decrypt,
   * whatever the reason and in the same time; rejects only on device trouble.
   */
  decrypt(
    ref: string,
    mechanism: HsmDecryptMechanism,
    ciphertext: Uint8Array,
  ): Promise<Uint8Array | undefined>;
  /** Signs a 32-byte digest. */
  sign(ref: string, mechanism: HsmSignMechanism, digest: Uint8Array): Promise<Uint8Array>;
  /** Destroys the key pair; unknown references are ignored. */
  destroyKey(ref: string): Promise<void>;
  close(): Promise<void>;
}
