/** Recipients and identities for tests: X25519 as the specification has it, RSA keys of the fixtures, a known key. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  privateDecrypt,
  type KeyObject,
} from 'node:crypto';
import type { Unwrap } from '../../src/age/kms-identity.js';
import type { Identity, Recipient } from '../../src/age/recipient.js';
import type { Stanza } from '../../src/age/stanza.js';
import { decodeBase64Unpadded, encodeBase64Unpadded } from '../../src/crypto/encoding.js';
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

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const ZERO_NONCE = Buffer.alloc(12);

function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(SPKI.length);
}

function importPublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

function wrapKey(secret: Uint8Array, share: Uint8Array, recipient: Uint8Array): Buffer {
  const salt = Buffer.concat([share, recipient]);
  return Buffer.from(hkdfSync('sha256', secret, salt, 'age-encryption.org/v1/X25519', 32));
}

export class X25519Identity implements Identity {
  readonly #key: KeyObject;

  constructor(text: string) {
    const key = Buffer.concat([PKCS8, decodeBech32(text)]);
    this.#key = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  }

  unwrap(stanzas: readonly Stanza[]): Promise<Uint8Array | undefined> {
    const ours = stanzas.filter(({ type }) => type === 'X25519');
    return Promise.resolve().then(() => ours.map((stanza) => this.#open(stanza)).find(Boolean));
  }

  #open({ args, body }: Stanza): Uint8Array | undefined {
    const share = decodeBase64Unpadded(args[0] ?? '');
    if (args.length !== 1 || share?.length !== 32 || body.length !== 32) throw malformed();
    const key = wrapKey(this.#agree(share), share, rawPublicKey(this.#key));
    const decipher = createDecipheriv('chacha20-poly1305', key, ZERO_NONCE, { authTagLength: 16 });
    decipher.setAuthTag(body.subarray(16));
    const fileKey = decipher.update(body.subarray(0, 16));
    try {
      decipher.final();
      return fileKey;
    } catch {
      return undefined;
    }
  }

  #agree(share: Uint8Array): Buffer {
    try {
      return diffieHellman({ privateKey: this.#key, publicKey: importPublicKey(share) });
    } catch {
      // OpenSSL refuses a shared secret of zeros itself.
      throw malformed();
    }
  }
}

export class X25519Recipient implements Recipient {
  readonly #raw: Buffer;

  constructor(text: string) {
    this.#raw = decodeBech32(text);
  }

  wrap(fileKey: Uint8Array): Stanza[] {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    const share = rawPublicKey(publicKey);
    const secret = diffieHellman({ privateKey, publicKey: importPublicKey(this.#raw) });
    const key = wrapKey(secret, share, this.#raw);
    const cipher = createCipheriv('chacha20-poly1305', key, ZERO_NONCE, { authTagLength: 16 });
    const sealed = [cipher.update(fileKey), cipher.final(), cipher.getAuthTag()];
    return [{ type: 'X25519', args: [encodeBase64Unpadded(share)], body: Buffer.concat(sealed) }];
  }
}

function malformed(): KmsAsymError {
  return new KmsAsymError('invalid-ciphertext', 'the X25519 stanza is malformed');
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** The 32 bytes of a key; its checksum does not matter here. */
function decodeBech32(text: string): Buffer {
  const data = text.toLowerCase().slice(text.lastIndexOf('1') + 1, -6);
  const bits = Array.from(data, (character) => BECH32.indexOf(character).toString(2).padStart(5, '0')).join(
    '',
  );
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}
