/**
 * Everything about one KMS key spec or algorithm in one place; nothing below switches on a name.
 * Names and sizes follow the KMS API reference ("AsymmetricEncrypt", "CreateKey"); OAEP limits are RFC 8017,
 * section 7.1.1: k - 2 hLen - 2 bytes.
 */

/** An RSA-OAEP variant of the service. MGF1 uses the same hash and the label is always empty. */
export interface OaepAlgorithm {
  /** OpenSSL name of the hash. */
  readonly hash: 'sha256' | 'sha1';
  /** Length of that hash in bytes. */
  readonly hashBytes: number;
}

/** The encryption algorithms of the service that this project speaks, by their wire names. */
export const OAEP_ALGORITHMS = {
  RSAES_OAEP_SHA_256: { hash: 'sha256', hashBytes: 32 },
  RSAES_OAEP_SHA_1: { hash: 'sha1', hashBytes: 20 },
} as const satisfies Record<string, OaepAlgorithm>;

/** Wire name of an encryption algorithm. */
export type OaepAlgorithmName = keyof typeof OAEP_ALGORITHMS;

/** What is used when nobody says otherwise. */
export const DEFAULT_OAEP_ALGORITHM: OaepAlgorithmName = 'RSAES_OAEP_SHA_256';

/** Modulus length in bytes of each RSA key spec. */
export const RSA_KEY_SPECS = { RSA_2048: 256, RSA_3072: 384, RSA_4096: 512 } as const;

/** How long a ciphertext of one of them can be, in bytes. */
export const RSA_CIPHERTEXT_BYTES: readonly number[] = Object.values(RSA_KEY_SPECS);

/** Wire name of an RSA key spec. */
export type RsaKeySpec = keyof typeof RSA_KEY_SPECS;

/** OpenSSL's curve name of each elliptic curve key spec; such keys sign only. */
export const EC_KEY_SPECS = { EC_P256: 'prime256v1', EC_P256K: 'secp256k1' } as const;

/** Wire name of an elliptic curve key spec. */
export type EcKeySpec = keyof typeof EC_KEY_SPECS;

/** How the service signs: RSASSA of RFC 8017 (section 8), or ECDSA with DER values; always over SHA-256. */
export interface SignatureAlgorithm {
  /** Type of key that makes such signatures, as `node:crypto` calls it. */
  readonly keyType: 'rsa' | 'ec';
  /** Of RSA signatures. PSS uses MGF1 with SHA-256 and salts of {@link PSS_SALT_BYTES}. */
  readonly padding?: 'pss' | 'pkcs1';
}

/** The signature algorithms of the service that this project speaks, by their wire names; for each key type the default first. */
export const SIGNATURE_ALGORITHMS = {
  RSA_PSS_SHA_256: { keyType: 'rsa', padding: 'pss' },
  RSA_PKCS1_SHA_256: { keyType: 'rsa', padding: 'pkcs1' },
  ECDSA_SHA_256: { keyType: 'ec' },
} as const satisfies Record<string, SignatureAlgorithm>;

/** Wire name of a signature algorithm. */
export type SignatureAlgorithmName = keyof typeof SIGNATURE_ALGORITHMS;

/** Length in bytes of the salt in every PSS signature of the service. */
export const PSS_SALT_BYTES = 32;

/** The signature algorithms that a key of this spec has, the default first. */
export function signatureAlgorithmsOf(keySpec: RsaKeySpec | EcKeySpec): readonly SignatureAlgorithmName[] {
  const keyType = Object.hasOwn(RSA_KEY_SPECS, keySpec) ? 'rsa' : 'ec';
  const names = Object.keys(SIGNATURE_ALGORITHMS) as SignatureAlgorithmName[];
  return names.filter((name) => SIGNATURE_ALGORITHMS[name].keyType === keyType);
}

/** True when `name` is an encryption algorithm of the service that this project speaks. */
export function isOaepAlgorithm(name: string): name is OaepAlgorithmName {
  return Object.hasOwn(OAEP_ALGORITHMS, name);
}

/** The key spec with a modulus of `bytes` bytes, or `undefined` when the service has none. */
export function rsaKeySpecOfSize(bytes: number): RsaKeySpec | undefined {
  return (Object.keys(RSA_KEY_SPECS) as RsaKeySpec[]).find((spec) => RSA_KEY_SPECS[spec] === bytes);
}

/** Longest plaintext in bytes that a modulus of `modulusBytes` bytes carries. */
export function maxPlaintextBytes(modulusBytes: number, algorithm: OaepAlgorithmName): number {
  return modulusBytes - 2 * OAEP_ALGORITHMS[algorithm].hashBytes - 2;
}
