/**
 * The imitation of an HSM: keys in this process's memory, private operations by OpenSSL on worker threads.
 * Invariant: every ciphertext that does not decrypt costs one private operation and yields `undefined`.
 */
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { KmsAsymError } from '../../errors.js';
import type { Hsm, HsmDecryptMechanism, HsmKey, HsmKeyType, HsmSignMechanism } from './hsm.js';
import { KEY_TYPES, OAEP_HASHES, requireDecrypting, requireSignable } from './key-types.js';
import { isRsaBlock, substituteBlock } from './rsa-block.js';
import { ecdsaDer, emsaPssEncode, sha256DigestInfo } from './signature-encoding.js';
import { type SoftwareKey, SoftwareKeyStore } from './software-key-store.js';
import { WorkerPool } from './worker-pool.js';

const generateKeyPairAsync = promisify(generateKeyPair);

/** How a software HSM is to be opened. */
export interface SoftwareHsmOptions {
  /** Where keys are kept across restarts (made if missing); default: in memory alone. */
  readonly directory?: string | undefined;
}

/** Opens a software HSM. `KmsAsymError` `emulator` when its directory cannot be used. */
export async function openSoftwareHsm(options: SoftwareHsmOptions = {}): Promise<Hsm> {
  return new SoftwareHsm(await SoftwareKeyStore.open(options.directory));
}

class SoftwareHsm implements Hsm {
  readonly backend = 'software';
  readonly description = `software keys (OpenSSL ${process.versions.openssl}), not an HSM`;
  readonly identity = 'software';
  readonly isHardwareBacked = false;
  readonly #keys: SoftwareKeyStore;
  readonly #pool = new WorkerPool();

  constructor(keys: SoftwareKeyStore) {
    this.#keys = keys;
  }

  async generateKey(type: HsmKeyType): Promise<HsmKey> {
    return this.importKey(type, await generatePrivateKey(type));
  }

  async importKey(type: HsmKeyType, privateKey: KeyObject): Promise<HsmKey> {
    const publicKeyDer = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    return { ref: await this.#keys.add(type, privateKey), type, publicKeyDer };
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.#keys.refs());
  }

  async decrypt(
    ref: string,
    mechanism: HsmDecryptMechanism,
    ciphertext: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { type, key, modulus } = this.#keys.get(ref);
    requireDecrypting(type);
    const isBlock = isRsaBlock(ciphertext, modulus);
    const input = isBlock ? ciphertext : substituteBlock(modulus.length);
    const plaintext = await this.#pool.run({
      key,
      operation: 'decrypt',
      hash: OAEP_HASHES[mechanism],
      input,
    });
    return isBlock ? plaintext : undefined;
  }

  async sign(ref: string, mechanism: HsmSignMechanism, digest: Uint8Array): Promise<Uint8Array> {
    const software = this.#keys.get(ref);
    requireSignable(software.type, mechanism, digest);
    const signature = await SIGNERS[mechanism](this.#pool, software, digest);
    if (signature === undefined) throw new KmsAsymError('emulator', 'the software HSM gave no signature');
    return signature;
  }

  async destroyKey(ref: string): Promise<void> {
    await this.#keys.remove(ref);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

async function generatePrivateKey(type: HsmKeyType): Promise<KeyObject> {
  const parameters = KEY_TYPES[type];
  const pair =
    parameters.family === 'rsa'
      ? await generateKeyPairAsync('rsa', { modulusLength: parameters.modulusBits, publicExponent: 0x10001 })
      : await generateKeyPairAsync('ec', { namedCurve: parameters.curve });
  return pair.privateKey;
}

type Signer = (
  pool: WorkerPool,
  software: SoftwareKey,
  digest: Uint8Array,
) => Promise<Uint8Array | undefined>;

const SIGNERS: Record<HsmSignMechanism, Signer> = {
  RSA_PKCS1_SHA_256: (pool, { key }, digest) =>
    pool.run({ key, operation: 'rsaPkcs1', input: sha256DigestInfo(digest) }),
  RSA_PSS_SHA_256: (pool, { key, modulus }, digest) =>
    pool.run({ key, operation: 'rsaRaw', input: emsaPssEncode(digest, modulus.length) }),
  ECDSA_SHA_256: async (pool, { key }, digest) => {
    const raw = await pool.run({ key, operation: 'ecdsa', input: digest });
    return raw && ecdsaDer(raw);
  },
};
