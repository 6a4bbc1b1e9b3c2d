/**
 * Age's own keys (C2SP age.md, "The X25519 recipient type"): the file key is sealed under a key that an ephemeral
 * X25519 exchange agrees on. No part of it is a KMS key, so it serves as the way in when KMS is out of reach.
 *
 * Invariant: an exchange whose shared secret is all zeros, which is what points of low order give, is refused.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { decodeBase64Unpadded, encodeBase64Unpadded } from '../crypto/encoding.js';
import { KmsAsymError } from '../errors.js';
import { FILE_KEY_BYTES, wipe } from './file-key.js';
import type { Identity, Recipient } from './recipient.js';
import type { Stanza } from './stanza.js';

/** Bytes of a public key, of a secret scalar, and of the share in a stanza. */
export const X25519_BYTES = 32;

/** Type of the stanza. */
export const X25519_STANZA_TYPE = 'X25519';

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: 16 } as const;
const BODY_BYTES = FILE_KEY_BYTES + OPTIONS.authTagLength;
/** Each key seals one file key only. */
const ZERO_NONCE = Buffer.alloc(12);
/** What stands in front of the 32 bytes in a SubjectPublicKeyInfo and in a PKCS#8 key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Encrypts files to an `age1…` key. */
export class X25519Recipient implements Recipient {
  readonly #publicKey: Uint8Array;

  /** @param publicKey - {@link X25519_BYTES} long */
  constructor(publicKey: Uint8Array) {
    this.#publicKey = publicKey;
  }

  /** @throws KmsAsymError `invalid-public-key` for a point of low order: anybody could open the file */
  wrap(fileKey: Uint8Array): Stanza[] {
    const ephemeral = generateKeyPairSync('x25519');
    const share = rawPublicKey(ephemeral.publicKey);
    const secret = agree(ephemeral.privateKey, this.#publicKey);
    if (!secret) throw new KmsAsymError('invalid-public-key', 'the age recipient is a point of low order');
    const key = deriveKey(secret, share, this.#publicKey);
    const cipher = createCipheriv(CIPHER, key, ZERO_NONCE, OPTIONS);
    const sealed = [cipher.update(fileKey), cipher.final(), cipher.getAuthTag()];
    wipe(key);
    return [{ type: X25519_STANZA_TYPE, args: [encodeBase64Unpadded(share)], body: Buffer.concat(sealed) }];
  }
}

/** Opens files that are encrypted to an `age1…` key; local and offline. */
export class X25519Identity implements Identity {
  readonly #privateKey: KeyObject;
  readonly #publicKey: Uint8Array;

  /** @param scalar - {@link X25519_BYTES} long; not kept, so it can be wiped */
  constructor(scalar: Uint8Array) {
    const der = Buffer.concat([PKCS8_PREFIX, scalar]);
    this.#privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    wipe(der);
    this.#publicKey = rawPublicKey(createPublicKey(this.#privateKey));
  }

  /**
   * Tries every X25519 stanza: they do not say whom they are for.
   *
   * @throws KmsAsymError `invalid-ciphertext` when one of them is malformed
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must be a rejection
  async unwrap(stanzas: readonly Stanza[]): Promise<Uint8Array | undefined> {
    for (const { share, body } of stanzas.filter(({ type }) => type === X25519_STANZA_TYPE).map(parse)) {
      const fileKey = this.#open(share, body);
      if (fileKey) return fileKey;
    }
    return undefined;
  }

  #open(share: Uint8Array, body: Uint8Array): Uint8Array | undefined {
    const secret = agree(this.#privateKey, share);
    if (!secret) throw malformed('has a share of low order');
    const key = deriveKey(secret, share, this.#publicKey);
    const decipher = createDecipheriv(CIPHER, key, ZERO_NONCE, OPTIONS);
    wipe(key);
    decipher.setAuthTag(body.subarray(FILE_KEY_BYTES));
    const fileKey = decipher.update(body.subarray(0, FILE_KEY_BYTES));
    try {
      decipher.final();
      return fileKey;
    } catch {
      wipe(fileKey);
      return undefined;
    }
  }
}

function parse({ args, body }: Stanza): { share: Uint8Array; body: Uint8Array } {
  if (args.length !== 1) throw malformed(`has ${args.length} arguments, not 1`);
  const share = decodeBase64Unpadded(args[0] ?? '');
  if (share?.length !== X25519_BYTES)
    throw malformed(`has a share that is not ${X25519_BYTES} bytes of base64`);
  if (body.length !== BODY_BYTES) throw malformed(`has a body of ${body.length} bytes, not ${BODY_BYTES}`);
  return { share, body };
}

/** The shared secret, which {@link deriveKey} wipes, or `undefined` where it would be zeros. */
function agree(privateKey: KeyObject, publicKey: Uint8Array): Buffer | undefined {
  const der = Buffer.concat([SPKI_PREFIX, publicKey]);
  const other = createPublicKey({ key: der, format: 'der', type: 'spki' });
  try {
    const secret = diffieHellman({ privateKey, publicKey: other });
    return secret.some((byte) => byte !== 0) ? secret : undefined;
  } catch {
    // OpenSSL refuses a secret of zeros by itself.
    return undefined;
  }
}

function deriveKey(secret: Uint8Array, share: Uint8Array, recipient: Uint8Array): Buffer {
  const salt = Buffer.concat([share, recipient]);
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'age-encryption.org/v1/X25519', 32));
  wipe(secret);
  return key;
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length);
}

function malformed(problem: string): KmsAsymError {
  return new KmsAsymError(
    'invalid-ciphertext',
    `the "${X25519_STANZA_TYPE}" stanza in the age header ${problem}`,
  );
}
