/**
 * A public key of the service: read from what people have at hand (SPKI or PKCS#1, PEM or DER), or refused with a
 * message that says what was given instead. Invariants: a {@link PublicKey} has one of the service's key specs; an
 * {@link EncryptionKey} is RSA, so whatever is encrypted to it has a length that KMS can take.
 */
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { KmsAsymError } from '../errors.js';
import {
  EC_KEY_SPECS,
  RSA_KEY_SPECS,
  rsaKeySpecOfSize,
  type EcKeySpec,
  type RsaKeySpec,
} from './algorithms.js';
import { asBuffer, decodeBase64 } from './encoding.js';
import { nameForeignKey } from './foreign-key.js';
import { isRsaSpki } from './spki.js';

/** A public key that can belong to a KMS key. */
export interface PublicKey {
  /** For node:crypto. */
  readonly keyObject: KeyObject;
  readonly keySpec: RsaKeySpec | EcKeySpec;
  /** Unpadded base64 of SHA-256 over the SubjectPublicKeyInfo DER, without a prefix: 43 characters. */
  readonly fingerprint: string;
}

/** A public key that can encrypt. */
export interface EncryptionKey extends PublicKey {
  readonly keySpec: RsaKeySpec;
  /** Length of the modulus, and of every ciphertext, in bytes. */
  readonly modulusBytes: number;
}

const ALL_SPECS = `the service's asymmetric keys are ${[...Object.keys(RSA_KEY_SPECS), ...Object.keys(EC_KEY_SPECS)].join(', ')}`;

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s([\s\S]*?)-----END \1-----/g;

/**
 * Reads one public key.
 *
 * @param bytes - PEM (text around the block is ignored, RFC 7468 section 5.2) or DER
 * @param name - what to call the key in messages, usually its file name
 * @throws KmsAsymError `invalid-public-key`, saying what was given and how to get from there to a public key
 */
export function parsePublicKey(bytes: Uint8Array, name: string): PublicKey {
  const foreign = nameForeignKey(asBuffer(bytes));
  if (foreign) {
    throw new KmsAsymError('invalid-public-key', `"${name}" ${foreign.what}, not a public key`, {
      hints: foreign.hints,
    });
  }
  const { keyObject, der } = importPublicKey(asBuffer(bytes), name);
  const keySpec =
    keyObject.asymmetricKeyType === 'rsa' ? rsaKeySpec(keyObject, name) : ecKeySpec(keyObject, name);
  return { keyObject, keySpec, fingerprint: fingerprintOf(isRsaSpki(der) ? der : spkiOf(keyObject)) };
}

/**
 * Reads an RSA public key from where nothing else can stand: RSAPublicKey of RFC 8017, appendix A.1.1, in DER.
 *
 * @returns `undefined` for anything but the one encoding of a key
 * @throws KmsAsymError `invalid-public-key` for a key that the service does not have
 */
export function parseRsaPublicKeyDer(der: Uint8Array, name: string): EncryptionKey | undefined {
  let keyObject: KeyObject;
  try {
    keyObject = createPublicKey({ key: asBuffer(der), format: 'der', type: 'pkcs1' });
  } catch {
    return undefined;
  }
  const keySpec = rsaKeySpec(keyObject, name);
  // OpenSSL puts up with more than it writes.
  if (!rsaPublicKeyDer(keyObject).equals(der)) return undefined;
  return {
    keyObject,
    keySpec,
    fingerprint: fingerprintOf(spkiOf(keyObject)),
    modulusBytes: RSA_KEY_SPECS[keySpec],
  };
}

/** What stands before the RSAPublicKey in a SubjectPublicKeyInfo of an RSA key that the service has. */
const SPKI_HEAD_BYTES = 24;

/**
 * RSAPublicKey of RFC 8017, appendix A.1.1, in DER, of a key of 2048 bits or more. Taken out of the
 * SubjectPublicKeyInfo, since Node 24 does not write in this form what it read in it.
 */
export function rsaPublicKeyDer(keyObject: KeyObject): Buffer {
  return keyObject.export({ type: 'spki', format: 'der' }).subarray(SPKI_HEAD_BYTES);
}

/** The key as OpenSSL writes it: what was read may be another spelling of the same key, which OpenSSL puts up with. */
function spkiOf(keyObject: KeyObject): Buffer {
  return keyObject.export({ type: 'spki', format: 'der' });
}

function fingerprintOf(spki: Uint8Array): string {
  return hash('sha256', spki, 'base64').replace('=', '');
}

/**
 * The same key, known to be one that encrypts.
 *
 * @throws KmsAsymError `invalid-public-key` for elliptic curve keys
 */
export function requireEncryptionKey(publicKey: PublicKey, name: string): EncryptionKey {
  const { keySpec } = publicKey;
  if (isRsaKeySpec(keySpec)) return { ...publicKey, keySpec, modulusBytes: RSA_KEY_SPECS[keySpec] };
  throw new KmsAsymError(
    'invalid-public-key',
    `"${name}" holds an ${keySpec} key, which signs but cannot encrypt`,
    {
      hints: [
        'encryption needs an RSA key: kms-asym create-key --key-spec RSA_2048 --key-usage ENCRYPT/DECRYPT',
      ],
    },
  );
}

/** The canonical form of a fingerprint that a person typed: no `SHA256:` prefix, no padding. */
export function normalizeFingerprint(text: string): string | undefined {
  const bare = text
    .trim()
    .replace(/^SHA256:/i, '')
    .replace(/=$/, '');
  return decodeBase64(`${bare}=`)?.length === 32 ? bare : undefined;
}

function importPublicKey(bytes: Buffer, name: string): { keyObject: KeyObject; der: Buffer } {
  const { der, types } = unwrapPem(bytes, name);
  for (const type of types) {
    try {
      return { keyObject: createPublicKey({ key: der, format: 'der', type }), der };
    } catch {
      // Not this structure; the next one may fit, and if none does the error below is clearer than OpenSSL's.
    }
  }
  throw new KmsAsymError('invalid-public-key', `"${name}" does not hold a readable public key`, {
    hints: ['expected is the PEM that get-public-key writes: "-----BEGIN PUBLIC KEY-----"'],
  });
}

function unwrapPem(bytes: Buffer, name: string): { der: Buffer; types: ('spki' | 'pkcs1')[] } {
  const blocks = [...bytes.toString('latin1').matchAll(PEM_BLOCK)];
  const [label, body] = [blocks[0]?.[1], blocks[0]?.[2]];
  if (label === undefined || body === undefined) return { der: bytes, types: ['spki', 'pkcs1'] };
  if (blocks.length > 1) {
    throw new KmsAsymError('invalid-public-key', `"${name}" holds ${blocks.length} PEM blocks, expected one`);
  }
  const der = decodeBase64(body.replace(/\s+/g, ''));
  if (!der) {
    throw new KmsAsymError(
      'invalid-public-key',
      `the PEM block in "${name}" is damaged: its base64 is broken`,
    );
  }
  return { der, types: label === 'RSA PUBLIC KEY' ? ['pkcs1'] : ['spki'] };
}

function isRsaKeySpec(keySpec: string): keySpec is RsaKeySpec {
  return Object.hasOwn(RSA_KEY_SPECS, keySpec);
}

function ecKeySpec(keyObject: KeyObject, name: string): EcKeySpec {
  const curve = keyObject.asymmetricKeyDetails?.namedCurve ?? '';
  const keySpec = (Object.keys(EC_KEY_SPECS) as EcKeySpec[]).find((spec) => EC_KEY_SPECS[spec] === curve);
  if (keySpec) return keySpec;
  throw new KmsAsymError(
    'invalid-public-key',
    `"${name}" holds a key of type ${[keyObject.asymmetricKeyType, curve].join(' ').trim()}, which KMS does not have`,
    {
      hints: [ALL_SPECS],
    },
  );
}

function rsaKeySpec(keyObject: KeyObject, name: string): RsaKeySpec {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = keyObject.asymmetricKeyDetails ?? {};
  const keySpec = rsaKeySpecOfSize(bits / 8);
  if (!keySpec) {
    const reason = bits < 2048 ? 'which is too short to be safe' : 'a size that KMS does not have';
    throw new KmsAsymError('invalid-public-key', `"${name}" holds an RSA key of ${bits} bits, ${reason}`, {
      hints: [ALL_SPECS],
    });
  }
  // With e = 1 the "ciphertext" is the padded plaintext; even exponents have no private key.
  if (exponent < 3n || exponent % 2n === 0n) {
    throw new KmsAsymError(
      'invalid-public-key',
      `"${name}" holds an RSA key with the unusable exponent ${exponent}`,
    );
  }
  return keySpec;
}
