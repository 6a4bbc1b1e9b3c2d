/** The signature algorithms of AsymmetricSign and AsymmetricVerify, all over a SHA-256 digest. */
import type { KeyObject } from 'node:crypto';
import type { AlgorithmChoice } from '../call/asymmetric-call.js';
import type { HsmSignMechanism } from '../hsm/hsm.js';
import { verifyEcdsa } from './ecdsa.js';
import { verifyPkcs1, verifyPss } from './rsa.js';

/** Which keys the algorithms are for. */
export const SIGNING: AlgorithmChoice<HsmSignMechanism> = {
  usage: 'SIGN/VERIFY',
  families: { RSA_PSS_SHA_256: 'rsa', RSA_PKCS1_SHA_256: 'rsa', ECDSA_SHA_256: 'ec' },
  foreign: 'SM2DSA',
};

/** True when `signature` is one of `digest` by the key; false for everything else, of any length and content. */
export type Verifier = (publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array) => boolean;

/** The public half of every algorithm. */
export const VERIFIERS: Record<HsmSignMechanism, Verifier> = {
  RSA_PSS_SHA_256: verifyPss,
  RSA_PKCS1_SHA_256: verifyPkcs1,
  ECDSA_SHA_256: verifyEcdsa,
};
