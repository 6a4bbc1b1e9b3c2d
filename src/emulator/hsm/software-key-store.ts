/**
 * The software HSM's private keys: in memory, and with a directory also in one file per key, `<ref>.pem` (mode 0600,
 * whole or absent). This is the imitation: a token keeps its keys itself.
 *
 * Files are encrypted PKCS#8 (PBES2 with AES-256, RFC 8018) under a random passphrase in the file `secret` beside
 * them. As with SoftHSM and its PIN, whoever can read the whole directory has the keys; one file alone, in a backup
 * or a commit by mistake, gives nothing away.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KmsAsymError, systemFailure } from '../../errors.js';
import { UNFINISHED, writeDurably } from '../durable-file.js';
import type { HsmKeyType } from './hsm.js';
import { keyTypeOf } from './key-types.js';
import { readOrMakeSecret } from './secret-file.js';

/** A private key and what it is. */
export interface SoftwareKey {
  readonly type: HsmKeyType;
  readonly key: KeyObject;
  /** Big-endian RSA modulus without leading zeros; empty for EC keys. */
  readonly modulus: Uint8Array;
}

/** Where keys are kept, and what they are encrypted with. */
interface Files {
  readonly directory: string;
  readonly passphrase: string;
}

const RESTORE = ['bring the whole state directory back from one backup, or use another state directory'];

const KEY_FILE = /^([0-9a-f]{32})\.pem$/;

/** Keys by reference. */
export class SoftwareKeyStore {
  readonly #files: Files | undefined;
  readonly #keys = new Map<string, SoftwareKey>();

  private constructor(files: Files | undefined) {
    this.#files = files;
  }

  /**
   * Opens the store, in memory alone when no directory is given; else the directory is made (0700) and read.
   * `KmsAsymError` `emulator` when a file in it is not a key of ours.
   */
  static async open(directory: string | undefined): Promise<SoftwareKeyStore> {
    if (directory === undefined) return new SoftwareKeyStore(undefined);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const names = await readdir(directory);
      // A new secret would open none of them.
      if (names.some((name) => KEY_FILE.test(name)) && !names.includes('secret')) throw lostSecret(directory);
      const passphrase = await readOrMakeSecret(join(directory, 'secret'));
      const store = new SoftwareKeyStore({ directory, passphrase });
      for (const name of names) {
        const path = join(directory, name);
        const ref = KEY_FILE.exec(name)?.[1];
        if (ref !== undefined) store.#keys.set(ref, await readKey(path, passphrase));
        else if (name.endsWith(UNFINISHED)) await rm(path, { force: true });
      }
      return store;
    } catch (error) {
      throw storeError(directory, 'read', error);
    }
  }

  /** Keeps a key and returns its new reference, 32 hexadecimal digits. On disk before this resolves. */
  async add(type: HsmKeyType, key: KeyObject): Promise<string> {
    const ref = randomBytes(16).toString('hex');
    if (this.#files !== undefined) await writeKey(this.#files, ref, key);
    this.#keys.set(ref, { type, key, modulus: modulusOf(key) });
    return ref;
  }

  /** The key, or `KmsAsymError` `emulator` when there is none. */
  get(ref: string): SoftwareKey {
    const key = this.#keys.get(ref);
    if (key === undefined) throw new KmsAsymError('emulator', `the HSM holds no key "${ref}"`);
    return key;
  }

  /** References of all keys. */
  refs(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** Forgets a key and removes its file; unknown references are ignored. */
  async remove(ref: string): Promise<void> {
    if (!this.#keys.delete(ref) || this.#files === undefined) return;
    await rm(join(this.#files.directory, `${ref}.pem`), { force: true });
  }
}

async function readKey(path: string, passphrase: string): Promise<SoftwareKey> {
  const key = decrypt(path, await readFile(path), passphrase);
  const type = keyTypeOf(key);
  if (type !== undefined) return { type, key, modulus: modulusOf(key) };
  throw new KmsAsymError('emulator', `"${path}" holds no key of a known type`);
}

function decrypt(path: string, pem: Buffer, passphrase: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch (cause) {
    throw new KmsAsymError('emulator', `"${path}" is damaged, or the secret beside it is another one`, {
      hints: RESTORE,
      cause,
    });
  }
}

function lostSecret(directory: string): KmsAsymError {
  return new KmsAsymError(
    'emulator',
    `"${join(directory, 'secret')}" is gone, which opens the keys beside it`,
    {
      hints: RESTORE,
    },
  );
}

function modulusOf(key: KeyObject): Uint8Array {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).n ?? '', 'base64url');
}

async function writeKey({ directory, passphrase }: Files, ref: string, key: KeyObject): Promise<void> {
  const pem = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  try {
    await writeDurably(join(directory, `${ref}.pem`), pem);
  } catch (error) {
    throw storeError(directory, 'write', error);
  }
}

function storeError(directory: string, verb: 'read' | 'write', cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  return systemFailure(
    `${verb}-failed`,
    `cannot ${verb} the keys of the software HSM in "${directory}"`,
    cause,
  );
}
