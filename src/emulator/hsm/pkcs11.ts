/**
 * An HSM behind PKCS#11: keys of one token, used through pooled sessions. Invariant: private keys are made in the
 * token and never leave it, and a ciphertext that does not decrypt costs one private operation, whatever is wrong
 * with it.
 */
import { readFile } from 'node:fs/promises';
import { errnoOf, KmsAsymError } from '../../errors.js';
import type { Hsm, HsmDecryptMechanism, HsmKey, HsmKeyType, HsmSignMechanism } from './hsm.js';
import { requireDecrypting, requireSignable } from './key-types.js';
import { deviceError } from './pkcs11-error.js';
import { destroyTokenKey, findTokenKey, generateTokenKey } from './pkcs11-key.js';
import { requireModule } from './pkcs11-module-path.js';
import { acquireModule, type Pkcs11Module } from './pkcs11-module.js';
import { TokenOperations } from './pkcs11-operation.js';
import { type Session, SessionPool } from './pkcs11-session-pool.js';
import { type TokenMatch, unpad } from './pkcs11-token.js';
import { parsePkcs11Uri } from './pkcs11-uri.js';
import { isRsaBlock, substituteBlock } from './rsa-block.js';

/** Opens the token that a `pkcs11:` URI names. `KmsAsymError` `usage` for a bad URI, `emulator` otherwise. */
export async function openPkcs11Hsm(text: string): Promise<Hsm> {
  const uri = parsePkcs11Uri(text);
  const pin = uri.pinSource === undefined ? uri.pinValue : await readPin(uri.pinSource);
  const path = uri.modulePath ?? (await requireModule(uri.moduleName ?? ''));
  const module = await acquireModule(path, { initArgs: uri.initArgs });
  return openToken(module, { backend: 'pkcs11', match: uri, pin });
}

/** One token of a module, and how to get in. */
export interface TokenOptions {
  /** Name of the backend. */
  readonly backend: string;
  readonly match: TokenMatch;
  /** User PIN. */
  readonly pin?: string | undefined;
  /** Called once, after the HSM has been closed. */
  readonly onClose?: () => Promise<void>;
}

/** Opens a token of an acquired module; the HSM owns the module from here on and releases it, also on failure. */
export async function openToken(module: Pkcs11Module, options: TokenOptions): Promise<Hsm> {
  const sessions = new SessionPool(module, options.match, options.pin);
  try {
    const label = await sessions.run((session) => Promise.resolve(session.connection.token.label));
    return new Pkcs11Hsm(module, sessions, label, options);
  } catch (error) {
    await sessions.close();
    module.release();
    throw deviceError('open the token', error);
  }
}

class Pkcs11Hsm implements Hsm {
  readonly backend: string;
  readonly description: string;
  readonly isHardwareBacked = true;
  readonly #module: Pkcs11Module;
  readonly #sessions: SessionPool;
  readonly #operations: TokenOperations;
  readonly #onClose: (() => Promise<void>) | undefined;
  #closing: Promise<void> | undefined;

  constructor(module: Pkcs11Module, sessions: SessionPool, label: string, options: TokenOptions) {
    const { manufacturerID, libraryVersion } = module.library.C_GetInfo();
    const version = `${libraryVersion.major.toString()}.${libraryVersion.minor.toString()}`;
    this.backend = options.backend;
    this.description = `${unpad(manufacturerID)} ${version}, token "${label}"`;
    this.#module = module;
    this.#sessions = sessions;
    this.#operations = new TokenOperations(module);
    this.#onClose = options.onClose;
  }

  generateKey(type: HsmKeyType): Promise<HsmKey> {
    return this.#run('generate a key', (session) => generateTokenKey(this.#module, session, type));
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
    await this.#onClose?.();
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
    const reason = errnoOf(cause) ?? 'unreadable';
    throw new KmsAsymError('emulator', `could not read the PIN from "${path}" (${reason})`, { cause });
  }
}
