/**
 * Everything about one key type or mechanism of an HSM in one place; no backend switches on a name.
 * Curve names: RFC 5480 (P-256, also `prime256v1`) and SEC 2 (secp256k1).
 */
import type { KeyObject } from 'node:crypto';
import { KmsAsymError } from '../../errors.js';
import type { HsmDecryptMechanism, HsmKeyType, HsmSignMechanism } from './hsm.js';

/** An RSA key pair; the public exponent is always 65537. */
export interface RsaKeyType {
  readonly family: 'rsa';
  readonly modulusBits: 2048 | 3072 | 4096;
}

/** A key pair on a 256-bit curve. */
export interface EcKeyType {
  readonly family: 'ec';
  /** OpenSSL name. */
  readonly curve: 'prime256v1' | 'secp256k1';
  /** JWK name (RFC 7518, RFC 8812). */
  readonly jwkCurve: 'P-256' | 'secp256k1';
  /** DER of the curve's object identifier: the value of CKA_EC_PARAMS. */
  readonly oidDer: Uint8Array;
}

/** The key types of {@link HsmKeyType}. */
export const KEY_TYPES = {
  RSA_2048: { family: 'rsa', modulusBits: 2048 },
  RSA_3072: { family: 'rsa', modulusBits: 3072 },
  RSA_4096: { family: 'rsa', modulusBits: 4096 },
  EC_P256: {
    family: 'ec',
    curve: 'prime256v1',
    jwkCurve: 'P-256',
    oidDer: Uint8Array.from([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
  },
  EC_P256K: {
    family: 'ec',
    curve: 'secp256k1',
    jwkCurve: 'secp256k1',
    oidDer: Uint8Array.from([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a]),
  },
} as const satisfies Record<HsmKeyType, RsaKeyType | EcKeyType>;

/** The key type whose parameters satisfy `matches`, if any. */
export function findKeyType(
  matches: (parameters: RsaKeyType | EcKeyType) => boolean,
): HsmKeyType | undefined {
  return (Object.keys(KEY_TYPES) as HsmKeyType[]).find((type) => matches(KEY_TYPES[type]));
}

/** The key type of an RSA key with the exponent 65537 or of an EC key; `undefined` for all others. */
export function keyTypeOf({
  asymmetricKeyType,
  asymmetricKeyDetails: details,
}: KeyObject): HsmKeyType | undefined {
  return findKeyType((parameters) =>
    parameters.family === 'rsa'
      ? asymmetricKeyType === 'rsa' &&
        details?.publicExponent === 65537n &&
        parameters.modulusBits === details.modulusLength
      : parameters.curve === details?.namedCurve,
  );
}

/** OpenSSL name of each decryption mechanism's hash. */
export const OAEP_HASHES = {
  RSAES_OAEP_SHA_256: 'sha256',
  RSAES_OAEP_SHA_1: 'sha1',
} as const satisfies Record<HsmDecryptMechanism, string>;

const SIGN_FAMILIES = {
  RSA_PSS_SHA_256: 'rsa',
  RSA_PKCS1_SHA_256: 'rsa',
  ECDSA_SHA_256: 'ec',
} as const satisfies Record<HsmSignMechanism, string>;

/** Throws `KmsAsymError` `emulator` unless a key of `type` can decrypt. */
export function requireDecrypting(type: HsmKeyType): void {
  if (KEY_TYPES[type].family !== 'rsa') {
    throw new KmsAsymError('emulator', `a key of type "${type}" cannot decrypt`);
  }
}

/** Throws `KmsAsymError` `emulator` unless a key of `type` can sign `digest` with `mechanism`. */
export function requireSignable(type: HsmKeyType, mechanism: HsmSignMechanism, digest: Uint8Array): void {
  if (KEY_TYPES[type].family !== SIGN_FAMILIES[mechanism]) {
    throw new KmsAsymError('emulator', `a key of type "${type}" cannot sign with "${mechanism}"`);
  }
  if (digest.length !== 32) {
    throw new KmsAsymError(
      'emulator',
      `a digest of ${digest.length.toString()} bytes was given, 32 are wanted`,
    );
  }
}
