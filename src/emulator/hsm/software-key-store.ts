/**
 * The software HSM's private keys: in memory, and with a directory also in one file per key, `<ref>.pem`
 * (PKCS#8, mode 0600, whole or absent). This is the imitation: a token keeps its keys itself.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, KmsAsymError } from '../../errors.js';
import type { HsmKeyType } from './hsm.js';
import { findKeyType } from './key-types.js';

/** A private key and what it is. */
export interface SoftwareKey {
  readonly type: HsmKeyType;
  readonly key: KeyObject;
  /** Big-endian RSA modulus without leading zeros; empty for EC keys. */
  readonly modulus: Uint8Array;
}

const KEY_FILE = /^([0-9a-f]{32})\.pem$/;

/** Keys by reference. */
export class SoftwareKeyStore {
  readonly #directory: string | undefined;
  readonly #keys = new Map<string, SoftwareKey>();

  private constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /**
   * Opens the store, in memory alone when no directory is given; else the directory is made (0700) and read.
   * `KmsAsymError` `emulator` when a file in it is not a key of ours.
   */
  static async open(directory: string | undefined): Promise<SoftwareKeyStore> {
    const store = new SoftwareKeyStore(directory);
    if (directory === undefined) return store;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(directory)) {
        const ref = KEY_FILE.exec(name)?.[1];
        if (ref !== undefined) store.#keys.set(ref, await readKey(join(directory, name)));
      }
    } catch (error) {
      throw storeError(directory, 'read', error);
    }
    return store;
  }

  /** Keeps a key and returns its new reference, 32 hexadecimal digits. On disk before this resolves. */
  async add(type: HsmKeyType, key: KeyObject): Promise<string> {
    const ref = randomBytes(16).toString('hex');
    if (this.#directory !== undefined) await writeKey(this.#directory, ref, key);
    this.#keys.set(ref, { type, key, modulus: modulusOf(key) });
    return ref;
  }

  /** The key, or `KmsAsymError` `emulator` when there is none. */
  get(ref: string): SoftwareKey {
    const key = this.#keys.get(ref);
    if (key === undefined) throw new KmsAsymError('emulator', `the HSM holds no key "${ref}"`);
    return key;
  }

  /** Forgets a key and removes its file; unknown references are ignored. */
  async remove(ref: string): Promise<void> {
    if (!this.#keys.delete(ref) || this.#directory === undefined) return;
    await rm(join(this.#directory, `${ref}.pem`), { force: true });
  }
}

async function readKey(path: string): Promise<SoftwareKey> {
  const key = createPrivateKey(await readFile(path));
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const type = findKeyType((parameters) =>
    parameters.family === 'rsa' ? parameters.modulusBits === modulusLength : parameters.curve === namedCurve,
  );
  if (type !== undefined) return { type, key, modulus: modulusOf(key) };
  throw new KmsAsymError('emulator', `"${path}" holds no key of a known type`);
}

function modulusOf(key: KeyObject): Uint8Array {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).n ?? '', 'base64url');
}

async function writeKey(directory: string, ref: string, key: KeyObject): Promise<void> {
  const path = join(directory, `${ref}.pem`);
  try {
    const file = await open(`${path}.new`, 'wx', 0o600);
    try {
      await file.writeFile(key.export({ type: 'pkcs8', format: 'pem' }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  } catch (error) {
    throw storeError(directory, 'write', error);
  }
}

function storeError(directory: string, verb: 'read' | 'write', cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  const reason = errnoOf(cause);
  return new KmsAsymError(
    'emulator',
    `could not ${verb} the keys of the software HSM in "${directory}"${reason === undefined ? '' : ` (${reason})`}`,
    { cause },
  );
}
