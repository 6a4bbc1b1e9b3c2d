/**
 * An HSM behind PKCS#11: keys of one token, used through pooled sessions. Invariant: private keys are made in the
 * token and never leave it, and a ciphertext that does not decrypt costs one private operation, whatever is wrong
 * with it.
 */
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { systemFailure } from '../../errors.js';
import type { Backend, Hsm, HsmDecryptMechanism, HsmKey, HsmKeyType, HsmSignMechanism } from './hsm.js';
import { requireDecrypting, requireSignable } from './key-types.js';
import { deviceError } from './pkcs11-error.js';
import { importTokenKey } from './pkcs11-import.js';
import { destroyTokenKey, findTokenKey, generateTokenKey, listTokenKeys } from './pkcs11-key.js';
import { requireModule } from './pkcs11-module-path.js';
import { acquireModule, type Pkcs11Module } from './pkcs11-module.js';
import { TokenOperations } from './pkcs11-operation.js';
import { type Session, SessionPool } from './pkcs11-session-pool.js';
import { type Token, type TokenMatch, unpad } from './pkcs11-token.js';
import { parsePkcs11Uri } from './pkcs11-uri.js';
import { isRsaBlock, substituteBlock } from './rsa-block.js';

/** Opens the token that a `pkcs11:` URI names, for keys of `owner`. `KmsAsymError` `usage` for a bad URI, `emulator` otherwise. */
export async function openPkcs11Hsm(text: string, owner?: string): Promise<Hsm> {
  const uri = parsePkcs11Uri(text);
  const pin = uri.pinSource === undefined ? uri.pinValue : await readPin(uri.pinSource);
  const path = uri.modulePath ?? (await requireModule(uri.moduleName ?? ''));
  const module = await acquireModule(path, { initArgs: uri.initArgs });
  return openToken(module, { backend: 'pkcs11', match: uri, pin, owner });
}

/** One token of a module, and how to get in. */
export interface TokenOptions {
  /** Name of the backend. */
  readonly backend: Backend;
  readonly match: TokenMatch;
  /** User PIN. */
  readonly pin?: string | undefined;
  /** Whose keys are listed, and what new ones are labelled with. */
  readonly owner?: string | undefined;
  /** Makes new keys durable where the token by itself does not. */
  readonly settle?: () => Promise<void>;
  /** Called once, after the HSM has been closed. */
  readonly onClose?: () => Promise<void>;
}

/** Opens a token of an acquired module; the HSM owns the module from here on and releases it, also on failure. */
export async function openToken(module: Pkcs11Module, options: TokenOptions): Promise<Hsm> {
  const sessions = new SessionPool(module, options.match, options.pin);
  try {
    const token = await sessions.run((session) => Promise.resolve(session.connection.token));
    return new Pkcs11Hsm(module, sessions, token, options);
  } catch (error) {
    await sessions.close();
    module.release();
    throw deviceError('open the token', error);
  }
}

class Pkcs11Hsm implements Hsm {
  readonly backend: Backend;
  readonly description: string;
  readonly identity: string;
  readonly isHardwareBacked = true;
  readonly #module: Pkcs11Module;
  readonly #sessions: SessionPool;
  readonly #operations: TokenOperations;
  readonly #options: TokenOptions;
  readonly #keyLabel: string;
  #closing: Promise<void> | undefined;

  constructor(module: Pkcs11Module, sessions: SessionPool, token: Token, options: TokenOptions) {
    const { manufacturerID, libraryVersion } = module.library.C_GetInfo();
    const version = `${libraryVersion.major.toString()}.${libraryVersion.minor.toString()}`;
    this.backend = options.backend;
    this.description = `${unpad(manufacturerID)} ${version}, token "${token.label}"`;
    this.identity = `${token.label} ${token.serial}`;
    this.#module = module;
    this.#sessions = sessions;
    this.#operations = new TokenOperations(module);
    this.#options = options;
    this.#keyLabel = options.owner === undefined ? 'kms-asym' : `kms-asym ${options.owner}`;
  }

  generateKey(type: HsmKeyType): Promise<HsmKey> {
    return this.#run('generate a key', async (session) => {
      const key = await generateTokenKey(this.#module, session, type, this.#keyLabel);
      await this.#options.settle?.();
      return key;
    });
  }

  importKey(type: HsmKeyType, privateKey: KeyObject): Promise<HsmKey> {
    return this.#run('import a key', async (session) => {
      const key = importTokenKey(this.#module, session, type, privateKey, this.#keyLabel);
      await this.#options.settle?.();
      return key;
    });
  }

  keys(): Promise<readonly string[]> {
    return this.#run('list its keys', (session) =>
      Promise.resolve(listTokenKeys(this.#module, session, this.#keyLabel)),
    );
  }

  decrypt(
    ref: string,
    mechanism: HsmDecryptMechanism,
    ciphertext: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    return this.#run('decrypt', async (session) => {
      const key = findTokenKey(this.#module, session, ref);
      requireDecrypting(key.type);
      const isBlock = isRsaBlock(ciphertext, key.modulus);
      const block = isBlock ? ciphertext : substituteBlock(key.modulus.length);
      const plaintext = await this.#operations.decrypt(session, key, mechanism, block);
      return isBlock ? plaintext : undefined;
    });
  }

  sign(ref: string, mechanism: HsmSignMechanism, digest: Uint8Array): Promise<Uint8Array> {
    return this.#run('sign', async (session) => {
      const key = findTokenKey(this.#module, session, ref);
      requireSignable(key.type, mechanism, digest);
      return await this.#operations.sign(session, key, mechanism, digest);
    });
  }

  destroyKey(ref: string): Promise<void> {
    return this.#run('destroy a key', (session) => {
      destroyTokenKey(this.#module, session, ref);
      return Promise.resolve();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#sessions.close();
    this.#module.release();
    await this.#options.onClose?.();
  }

  async #run<T>(action: string, job: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await this.#sessions.run(job);
    } catch (error) {
      throw deviceError(action, error);
    }
  }
}

async function readPin(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw systemFailure('read-failed', `cannot read the PIN from "${path}"`, cause);
  }
}
