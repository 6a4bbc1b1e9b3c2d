/** What an action of the service is to the emulator: one function from a verified call to a response. */
import type { AliasStore } from './keys/alias-store.js';
import type { Account } from './keys/identifiers.js';
import type { KeyStore } from './keys/key-store.js';
import type { Parameters } from './parameters.js';
import type { ServiceMode } from './service-mode.js';

/** One call, its signature verified, and what it may work on. */
export interface Call {
  readonly parameters: Parameters;
  readonly keys: KeyStore;
  readonly aliases: AliasStore;
  readonly account: Account;
  readonly serviceMode: ServiceMode;
}

/**
 * Answers one call with the members of the response, `RequestId` left to the handler.
 * Throws or rejects with `Refusal` for what the service refuses; anything else is answered as 500.
 */
export type Action = (call: Call) => object | Promise<object>;
