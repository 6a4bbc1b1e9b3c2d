/**
 * Private keys from outside, taken into a token by C_CreateObject (PKCS #11 v2.40, section 4.9). From then on they are
 * sealed like generated ones; only CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE tell, rightly, that they were not
 * always.
 */
import { createPublicKey, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto';
import { KmsAsymError } from '../../errors.js';
import type { HsmKey, HsmKeyType } from './hsm.js';
import { KEY_TYPES } from './key-types.js';
import type { Pkcs11Binding, Template } from './pkcs11-binding.js';
import { privateKeyFlags } from './pkcs11-key.js';
import type { Pkcs11Module } from './pkcs11-module.js';
import type { Session } from './pkcs11-session-pool.js';

/** Makes a private key of the token out of `privateKey`, labelled `label`. */
export function importTokenKey(
  { binding, library }: Pkcs11Module,
  { handle: session }: Session,
  type: HsmKeyType,
  privateKey: KeyObject,
  label: string,
): HsmKey {
  const id = randomBytes(16);
  library.C_CreateObject(session, [
    { type: binding.CKA_CLASS, value: binding.CKO_PRIVATE_KEY },
    { type: binding.CKA_TOKEN, value: true },
    { type: binding.CKA_ID, value: id },
    { type: binding.CKA_LABEL, value: label },
    ...privateKeyFlags(binding, KEY_TYPES[type].family === 'rsa'),
    ...material(binding, type, privateKey.export({ format: 'jwk' })),
  ]);
  const publicKeyDer = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { ref: id.toString('hex'), type, publicKeyDer };
}

function material(binding: Pkcs11Binding, type: HsmKeyType, jwk: JsonWebKey): Template {
  const parameters = KEY_TYPES[type];
  const integer = (attribute: number, name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') => {
    const text = jwk[name];
    if (text === undefined) throw new KmsAsymError('emulator', 'the private key lacks a part');
    return { type: attribute, value: Buffer.from(text, 'base64url') };
  };
  if (parameters.family === 'ec') {
    return [
      { type: binding.CKA_KEY_TYPE, value: binding.CKK_EC },
      { type: binding.CKA_EC_PARAMS, value: Buffer.from(parameters.oidDer) },
      integer(binding.CKA_VALUE, 'd'),
    ];
  }
  return [
    { type: binding.CKA_KEY_TYPE, value: binding.CKK_RSA },
    integer(binding.CKA_MODULUS, 'n'),
    integer(binding.CKA_PUBLIC_EXPONENT, 'e'),
    integer(binding.CKA_PRIVATE_EXPONENT, 'd'),
    integer(binding.CKA_PRIME_1, 'p'),
    integer(binding.CKA_PRIME_2, 'q'),
    integer(binding.CKA_EXPONENT_1, 'dp'),
    integer(binding.CKA_EXPONENT_2, 'dq'),
    integer(binding.CKA_COEFFICIENT, 'qi'),
  ];
}
