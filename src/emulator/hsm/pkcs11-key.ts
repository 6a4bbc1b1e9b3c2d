/**
 * Key pairs inside a token: made there, found there by CKA_ID, destroyed there. Private keys are token objects,
 * CKA_SENSITIVE and not CKA_EXTRACTABLE from birth, so that the token itself keeps CKA_ALWAYS_SENSITIVE and
 * CKA_NEVER_EXTRACTABLE true (PKCS #11 v2.40, section 4.9).
 */
import { createPublicKey, type JsonWebKey, randomBytes } from 'node:crypto';
import { KmsAsymError } from '../../errors.js';
import type { HsmKey, HsmKeyType } from './hsm.js';
import { type EcKeyType, findKeyType, KEY_TYPES, type RsaKeyType } from './key-types.js';
import type { Handle, Pkcs11Binding, Template } from './pkcs11-binding.js';
import { ckrOf } from './pkcs11-error.js';
import type { Pkcs11Module } from './pkcs11-module.js';
import type { Session } from './pkcs11-session-pool.js';

/** A private key of the token. */
export interface TokenKey {
  readonly handle: Handle;
  readonly type: HsmKeyType;
  /** Big-endian RSA modulus without leading zeros; empty for EC keys. */
  readonly modulus: Uint8Array;
}

const PUBLIC_EXPONENT = Buffer.from([0x01, 0x00, 0x01]);

/** Makes a key pair, labelled `label`. `KmsAsymError` `emulator` for a type the token does not know. */
export async function generateTokenKey(
  { binding, library }: Pkcs11Module,
  { handle: session }: Session,
  type: HsmKeyType,
  label: string,
): Promise<HsmKey> {
  const parameters = KEY_TYPES[type];
  const id = randomBytes(16);
  const { mechanism, publicKey, privateKey } = templates(binding, parameters, id, label);
  const pair = await library
    .C_GenerateKeyPairAsync(session, { mechanism }, publicKey, privateKey)
    .catch((cause: unknown) => {
      throw UNSUPPORTED.has(ckrOf(cause)) ? unsupported(type, cause) : cause;
    });
  const read = (attribute: number): Buffer => readAttribute(library, session, pair.publicKey, attribute);
  const jwk: JsonWebKey =
    parameters.family === 'rsa'
      ? { kty: 'RSA', n: read(binding.CKA_MODULUS).toString('base64url'), e: 'AQAB' }
      : ecJwk(parameters, read(binding.CKA_EC_POINT));
  const publicKeyDer = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' });
  return { ref: id.toString('hex'), type, publicKeyDer };
}

/** The private key called `ref`. `KmsAsymError` `emulator` when the token has none. */
export function findTokenKey(module: Pkcs11Module, session: Session, ref: string): TokenKey {
  const known = session.connection.keys.get(ref);
  if (known !== undefined) return known;
  const { binding, library } = module;
  const [handle] = findObjects(module, session, [
    { type: binding.CKA_CLASS, value: binding.CKO_PRIVATE_KEY },
    { type: binding.CKA_ID, value: Buffer.from(ref, 'hex') },
  ]);
  if (handle === undefined) throw new KmsAsymError('emulator', `the HSM holds no key "${ref}"`);
  const key = {
    handle,
    ...describeKey(binding, (type) => readAttribute(library, session.handle, handle, type)),
  };
  session.connection.keys.set(ref, key);
  return key;
}

/** References of the keys labelled `label`, also of those that a crash left with one half only. */
export function listTokenKeys(module: Pkcs11Module, session: Session, label: string): readonly string[] {
  const { binding, library } = module;
  const objects = findObjects(module, session, [{ type: binding.CKA_LABEL, value: label }]);
  const ids = objects.map((object) => readAttribute(library, session.handle, object, binding.CKA_ID));
  return [...new Set(ids.map((id) => id.toString('hex')))];
}

/** Destroys both halves of the key pair called `ref`, if there is one. */
export function destroyTokenKey(module: Pkcs11Module, session: Session, ref: string): void {
  session.connection.keys.delete(ref);
  const { binding, library } = module;
  const objects = findObjects(module, session, [{ type: binding.CKA_ID, value: Buffer.from(ref, 'hex') }]);
  for (const object of objects) library.C_DestroyObject(session.handle, object);
}

const UNSUPPORTED = new Set<string | undefined>([
  'CKR_DOMAIN_PARAMS_INVALID',
  'CKR_CURVE_NOT_SUPPORTED',
  'CKR_MECHANISM_INVALID',
  'CKR_KEY_SIZE_RANGE',
]);

function unsupported(type: HsmKeyType, cause: unknown): KmsAsymError {
  return new KmsAsymError('emulator', `the token cannot make keys of type "${type}"`, {
    hints: ['use --hsm softhsm or --hsm software for this key type'],
    cause,
  });
}

function templates(
  binding: Pkcs11Binding,
  parameters: RsaKeyType | EcKeyType,
  id: Buffer,
  label: string,
): { mechanism: number; publicKey: Template; privateKey: Template } {
  const isRsa = parameters.family === 'rsa';
  const shared: Template = [
    { type: binding.CKA_TOKEN, value: true },
    { type: binding.CKA_ID, value: id },
    { type: binding.CKA_LABEL, value: label },
  ];
  const shape: Template = isRsa
    ? [
        { type: binding.CKA_MODULUS_BITS, value: parameters.modulusBits },
        { type: binding.CKA_PUBLIC_EXPONENT, value: PUBLIC_EXPONENT },
      ]
    : [{ type: binding.CKA_EC_PARAMS, value: Buffer.from(parameters.oidDer) }];
  return {
    mechanism: isRsa ? binding.CKM_RSA_PKCS_KEY_PAIR_GEN : binding.CKM_EC_KEY_PAIR_GEN,
    publicKey: [
      ...shared,
      ...shape,
      { type: binding.CKA_VERIFY, value: true },
      { type: binding.CKA_ENCRYPT, value: isRsa },
    ],
    privateKey: [...shared, ...privateKeyFlags(binding, isRsa)],
  };
}

/** What a private key may be used for, and that it is sealed. */
export function privateKeyFlags(binding: Pkcs11Binding, isRsa: boolean): Template {
  return [
    { type: binding.CKA_PRIVATE, value: true },
    { type: binding.CKA_SENSITIVE, value: true },
    { type: binding.CKA_EXTRACTABLE, value: false },
    { type: binding.CKA_SIGN, value: true },
    { type: binding.CKA_DECRYPT, value: isRsa },
    { type: binding.CKA_UNWRAP, value: false },
  ];
}

/** What a private key is, from the attributes it shows: RSA keys have a modulus, EC keys a curve. */
function describeKey(
  binding: Pkcs11Binding,
  read: (attribute: number) => Buffer,
): { type: HsmKeyType; modulus: Uint8Array } {
  const isRsa = read(binding.CKA_KEY_TYPE).every((byte) => byte === binding.CKK_RSA);
  const modulus = isRsa ? withoutLeadingZeros(read(binding.CKA_MODULUS)) : new Uint8Array(0);
  const curve = isRsa ? undefined : read(binding.CKA_EC_PARAMS);
  const type = findKeyType((parameters) =>
    parameters.family === 'rsa'
      ? parameters.modulusBits === modulus.length * 8
      : curve?.equals(parameters.oidDer) === true,
  );
  if (type !== undefined) return { type, modulus };
  throw new KmsAsymError('emulator', 'the key is of a type that this program does not make');
}

function findObjects({ library }: Pkcs11Module, { handle }: Session, template: Template): Handle[] {
  library.C_FindObjectsInit(handle, template);
  try {
    const found: Handle[] = [];
    for (;;) {
      const some = library.C_FindObjects(handle, 64);
      if (some.length === 0) return found;
      found.push(...some);
    }
  } finally {
    library.C_FindObjectsFinal(handle);
  }
}

function readAttribute(
  library: Pkcs11Module['library'],
  session: Handle,
  object: Handle,
  type: number,
): Buffer {
  const [attribute] = library.C_GetAttributeValue(session, object, [{ type }]);
  if (attribute === undefined) throw new KmsAsymError('emulator', 'the HSM gave no value for an attribute');
  return attribute.value;
}

/** CKA_EC_POINT is an uncompressed point, 0x04 || x || y, in a DER OCTET STRING. */
function ecJwk({ jwkCurve }: EcKeyType, ecPoint: Buffer): JsonWebKey {
  const point = ecPoint.subarray(-64);
  return {
    kty: 'EC',
    crv: jwkCurve,
    x: point.subarray(0, 32).toString('base64url'),
    y: point.subarray(32).toString('base64url'),
  };
}

function withoutLeadingZeros(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(Math.max(start, 0));
}
