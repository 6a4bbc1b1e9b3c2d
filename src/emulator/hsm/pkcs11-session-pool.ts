/**
 * Logged-in sessions with one token. A PKCS#11 session runs one operation at a time, so each job has a session for
 * itself and parallel jobs have several. When the token loses its sessions (restart, removal, a logout by somebody
 * else) the next job connects again and the failed one is tried once more.
 */
import { availableParallelism } from 'node:os';
import { KmsAsymError } from '../../errors.js';
import type { Handle } from './pkcs11-binding.js';
import { ckrOf, isLost, loginError } from './pkcs11-error.js';
import type { TokenKey } from './pkcs11-key.js';
import type { Pkcs11Module } from './pkcs11-module.js';
import { findToken, type Token, type TokenMatch } from './pkcs11-token.js';

/** A login that holds until the token loses it. Object handles are only good within one connection. */
export interface Connection {
  readonly token: Token;
  /** Keys that were looked up already, by reference. */
  readonly keys: Map<string, TokenKey>;
}

/** An open session, at the disposal of one job. */
export interface Session {
  readonly handle: Handle;
  readonly connection: Connection;
}

/** Sessions for jobs; as many as keep the threads that wait for them busy. */
export class SessionPool {
  readonly #module: Pkcs11Module;
  readonly #match: TokenMatch;
  readonly #pin: string | undefined;
  readonly #size: number;
  #connection: Connection | undefined;
  #idle: Session[] = [];
  #busy = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(module: Pkcs11Module, match: TokenMatch, pin: string | undefined) {
    this.#module = module;
    this.#match = match;
    this.#pin = pin;
    this.#size = Math.min(8, 4 * availableParallelism());
  }

  /** Runs `job` with a session of its own; a second time, with a fresh one, when the first was lost. */
  async run<T>(job: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await this.#attempt(job);
    } catch (error) {
      if (!isLost(error)) throw error;
      return await this.#attempt(job);
    }
  }

  /** Closes every session once its job has ended, and with the last one the login. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake(this.#waiting.length);
    while (this.#busy > 0) await this.#turn();
    this.#disconnect();
  }

  async #attempt<T>(job: (session: Session) => Promise<T>): Promise<T> {
    while (this.#busy >= this.#size && !this.#closed) await this.#turn();
    this.#requireOpen();
    this.#busy += 1;
    let session: Session | undefined;
    try {
      session = this.#idle.pop() ?? this.#open();
      return await job(session);
    } catch (error) {
      if (isLost(error) && session?.connection === this.#connection) this.#disconnect();
      throw error;
    } finally {
      this.#busy -= 1;
      if (session !== undefined) this.#putBack(session);
      this.#wake(this.#closed ? this.#waiting.length : 1);
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new KmsAsymError('emulator', 'the HSM is closed');
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(count: number): void {
    for (const resume of this.#waiting.splice(0, count)) resume();
  }

  #open(): Session {
    const { binding, library } = this.#module;
    const connection = this.#connection ?? { token: findToken(this.#module, this.#match), keys: new Map() };
    const flags = binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION;
    const handle = library.C_OpenSession(connection.token.slot, flags);
    if (this.#connection === undefined) {
      try {
        this.#login(handle, connection.token);
      } catch (error) {
        library.C_CloseSession(handle);
        throw error;
      }
      this.#connection = connection;
    }
    return { handle, connection };
  }

  #login(handle: Handle, token: Token): void {
    if (!token.needsLogin) return;
    if (this.#pin === undefined) {
      throw new KmsAsymError('emulator', `the token "${token.label}" needs a PIN`, {
        hints: ['add pin-source=/path/to/pin (or pin-value) after the "?" of the pkcs11: URI'],
      });
    }
    try {
      this.#module.library.C_Login(handle, this.#module.binding.CKU_USER, this.#pin);
    } catch (error) {
      if (ckrOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') throw loginError(token.label, error);
    }
  }

  #putBack(session: Session): void {
    if (session.connection === this.#connection) this.#idle.push(session);
    else this.#closeSession(session);
  }

  #disconnect(): void {
    this.#connection = undefined;
    for (const session of this.#idle.splice(0)) this.#closeSession(session);
  }

  #closeSession({ handle }: Session): void {
    try {
      this.#module.library.C_CloseSession(handle);
    } catch {
      // A session that cannot be closed is gone already.
    }
  }
}
