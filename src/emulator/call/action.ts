/**
 * What an action of the service is to the emulator: one function from a verified call to a response.
 *
 * Order of the checks, the same in every action (the service documents none; this one tells a caller first what is
 * wrong with the request alone, and never about a key that does not exist):
 *
 * 1. required parameters are there (`MissingParameter`), in the order of the documentation
 * 2. every parameter has its shape (`InvalidParameter`, `Rejected.UnsupportedOperation` for what is not imitated)
 * 3. KeyId has a form that the action takes (`Unsupported.Alias`)
 * 4. alias and key exist (404), then the version
 * 5. the key's state allows the action (409)
 * 6. spec, usage and algorithm fit each other; protection, ages and quotas (400)
 * 7. the bytes themselves (a plaintext that is too long, a ciphertext that does not decrypt)
 */
import type { AliasStore } from '../keys/alias-store.js';
import type { Account } from '../keys/identifiers.js';
import type { KeyStore } from '../keys/key-store.js';
import type { Parameters } from './parameters.js';
import type { ServiceMode } from '../service-mode.js';

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
