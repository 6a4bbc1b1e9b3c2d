/**
 * Private operations of a token, in the best way the token really has. Whether it does RSA-OAEP and RSA-PSS by
 * itself is tried once per token with a real operation, because mechanism lists promise too much (SoftHSM 2.6 lists
 * OAEP and refuses SHA-256). Otherwise the token does the bare RSA operation and the encoding happens here.
 */
import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto';
import type { HsmDecryptMechanism, HsmSignMechanism } from './hsm.js';
import { OAEP_HASHES } from './key-types.js';
import { oaepDecode } from './oaep-decode.js';
import type { Mechanism, Pkcs11Binding } from './pkcs11-binding.js';
import { isRefusal } from './pkcs11-error.js';
import type { TokenKey } from './pkcs11-key.js';
import type { Pkcs11Module } from './pkcs11-module.js';
import type { Session } from './pkcs11-session-pool.js';
import { ecdsaDer, emsaPssEncode, sha256DigestInfo } from './signature-encoding.js';

/** The label is given in the parameter (and empty); the binding has no name for it. */
const CKZ_DATA_SPECIFIED = 1;

/** Decrypts and signs with keys of one token. */
export class TokenOperations {
  readonly #module: Pkcs11Module;
  readonly #abilities = new Map<string, Promise<boolean>>();

  constructor(module: Pkcs11Module) {
    this.#module = module;
  }

  /** Decrypts a block of modulus length; `undefined` when it does not decrypt. */
  async decrypt(
    session: Session,
    key: TokenKey,
    mechanism: HsmDecryptMechanism,
    block: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const isNative = await this.#can(mechanism, () => this.#tryOaep(session, key, mechanism));
    if (isNative) return this.#decryptNative(session, key, mechanism, block);
    const { CKM_RSA_X_509 } = this.#module.binding;
    const encoded = await this.#decrypt(session, key, { mechanism: CKM_RSA_X_509 }, block);
    return oaepDecode(leftPad(encoded, key.modulus.length), OAEP_HASHES[mechanism]);
  }

  /** Signs a 32-byte SHA-256 digest; ECDSA gives DER. */
  async sign(
    session: Session,
    key: TokenKey,
    mechanism: HsmSignMechanism,
    digest: Uint8Array,
  ): Promise<Uint8Array> {
    const { binding } = this.#module;
    switch (mechanism) {
      case 'RSA_PKCS1_SHA_256':
        return this.#sign(session, key, { mechanism: binding.CKM_RSA_PKCS }, sha256DigestInfo(digest));
      case 'ECDSA_SHA_256':
        return ecdsaDer(await this.#sign(session, key, { mechanism: binding.CKM_ECDSA }, digest));
      case 'RSA_PSS_SHA_256': {
        if (await this.#can(mechanism, () => this.#tryPss(session, key))) {
          return this.#sign(session, key, pssMechanism(binding), digest);
        }
        const encoded = emsaPssEncode(digest, key.modulus.length);
        return this.#sign(session, key, { mechanism: binding.CKM_RSA_X_509 }, encoded);
      }
    }
  }

  /** The answer of the first trial. A trial that device trouble cut short is forgotten. */
  #can(mechanism: string, trial: () => Promise<boolean>): Promise<boolean> {
    const known = this.#abilities.get(mechanism);
    if (known !== undefined) return known;
    const ability = trial().catch((error: unknown) => {
      if (isRefusal(error)) return false;
      this.#abilities.delete(mechanism);
      throw error;
    });
    this.#abilities.set(mechanism, ability);
    return ability;
  }

  async #tryOaep(session: Session, key: TokenKey, mechanism: HsmDecryptMechanism): Promise<boolean> {
    const message = randomBytes(16);
    const oaepHash = OAEP_HASHES[mechanism];
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const block = publicEncrypt({ key: publicKeyOf(key), padding, oaepHash }, message);
    const decrypted = await this.#decrypt(
      session,
      key,
      oaepMechanism(this.#module.binding, mechanism),
      block,
    );
    return message.equals(decrypted);
  }

  async #tryPss(session: Session, key: TokenKey): Promise<boolean> {
    const message = randomBytes(16);
    const digest = createHash('sha256').update(message).digest();
    const signature = await this.#sign(session, key, pssMechanism(this.#module.binding), digest);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify('sha256', message, { key: publicKeyOf(key), padding, saltLength: 32 }, signature);
  }

  async #decryptNative(
    session: Session,
    key: TokenKey,
    mechanism: HsmDecryptMechanism,
    block: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { binding, library } = this.#module;
    library.C_DecryptInit(session.handle, oaepMechanism(binding, mechanism), key.handle);
    try {
      return await this.#finishDecrypt(session, key, block);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  async #decrypt(session: Session, key: TokenKey, mechanism: Mechanism, block: Uint8Array): Promise<Buffer> {
    this.#module.library.C_DecryptInit(session.handle, mechanism, key.handle);
    return await this.#finishDecrypt(session, key, block);
  }

  #finishDecrypt(session: Session, key: TokenKey, block: Uint8Array): Promise<Buffer> {
    const input = Buffer.from(block);
    const output = Buffer.alloc(key.modulus.length);
    return hold(input, this.#module.library.C_DecryptAsync(session.handle, input, output));
  }

  async #sign(session: Session, key: TokenKey, mechanism: Mechanism, input: Uint8Array): Promise<Buffer> {
    const { library } = this.#module;
    const data = Buffer.from(input);
    library.C_SignInit(session.handle, mechanism, key.handle);
    return hold(data, library.C_SignAsync(session.handle, data, Buffer.alloc(key.modulus.length || 64)));
  }
}

function oaepMechanism(binding: Pkcs11Binding, mechanism: HsmDecryptMechanism): Mechanism {
  const isSha1 = OAEP_HASHES[mechanism] === 'sha1';
  return {
    mechanism: binding.CKM_RSA_PKCS_OAEP,
    parameter: {
      type: binding.CK_PARAMS_RSA_OAEP,
      hashAlg: isSha1 ? binding.CKM_SHA_1 : binding.CKM_SHA256,
      mgf: isSha1 ? binding.CKG_MGF1_SHA1 : binding.CKG_MGF1_SHA256,
      source: CKZ_DATA_SPECIFIED,
    } as Mechanism['parameter'] & object,
  };
}

function pssMechanism(binding: Pkcs11Binding): Mechanism {
  return {
    mechanism: binding.CKM_RSA_PKCS_PSS,
    parameter: {
      type: binding.CK_PARAMS_RSA_PSS,
      hashAlg: binding.CKM_SHA256,
      mgf: binding.CKG_MGF1_SHA256,
      saltLen: 32,
    } as Mechanism['parameter'] & object,
  };
}

function publicKeyOf({ modulus }: TokenKey): KeyObject {
  const n = Buffer.from(modulus).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

/** Some tokens drop leading zeros of a raw result. */
function leftPad(bytes: Buffer, length: number): Buffer {
  const padded = Buffer.alloc(length);
  bytes.copy(padded, length - bytes.length);
  return padded;
}

// The binding's threads work on the input's bare memory: it must be reachable until they are done.
const heldInputs = new Set<Buffer>();

async function hold<T>(input: Buffer, work: Promise<T>): Promise<T> {
  heldInputs.add(input);
  try {
    return await work;
  } finally {
    heldInputs.delete(input);
  }
}
