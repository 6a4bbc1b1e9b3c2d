/** Recipients and identities for tests: X25519, RSA keys of the fixtures, a known key. */
import { constants, privateDecrypt } from 'node:crypto';
import { parseIdentityFile } from '../../src/age/identity-file.js';
import type { Unwrap } from '../../src/age/kms-identity.js';
import type { Identity, Recipient } from '../../src/age/recipient.js';
import { parsePublicKey, requireEncryptionKey, type EncryptionKey } from '../../src/crypto/public-key.js';
import { KmsAsymError } from '../../src/errors.js';
import { fixture } from '../fixtures.js';

export const RSA_KEYS = ['rsa2048', 'rsa3072', 'rsa4096'] as const;
export type RsaKeyName = (typeof RSA_KEYS)[number];

export function publicKeyOf(fixtures: string, name: RsaKeyName): EncryptionKey {
  return requireEncryptionKey(parsePublicKey(fixture(fixtures, `${name}.pem`), name), name);
}

/** RSA-OAEP with SHA-256, as the service decrypts. */
export function oaepDecrypt(fixtures: string, name: RsaKeyName, ciphertext: Uint8Array): Buffer {
  const key = fixture(fixtures, `${name}.key`);
  return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, ciphertext);
}

export function unwrapWith(fixtures: string, name: RsaKeyName): Unwrap {
  return (stanza) => {
    try {
      return Promise.resolve(oaepDecrypt(fixtures, name, stanza.ciphertext));
    } catch (error) {
      return Promise.reject(new KmsAsymError('undecryptable', 'KMS cannot decrypt this', { cause: error }));
    }
  };
}

/** An identity that knows the file key of every file. */
export function knownFileKey(fileKey: Uint8Array): Identity {
  return { unwrap: () => Promise.resolve(Buffer.from(fileKey)) };
}

/** A recipient whose files {@link knownFileKey} opens; tells the file key of each. */
export function tellFileKey(tell: (fileKey: Buffer) => void): Recipient {
  return {
    wrap(fileKey) {
      tell(Buffer.from(fileKey));
      return [{ type: 'test', args: [], body: Buffer.alloc(0) }];
    },
  };
}

/** The identity of an `AGE-SECRET-KEY-1…` text. */
export function nativeIdentity(text: string): Identity {
  const [identity] = parseIdentityFile(Buffer.from(text), 'test', () => {
    throw new Error('no native identity');
  });
  if (!identity) throw new Error('no identity');
  return identity;
}
