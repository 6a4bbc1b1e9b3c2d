/** A key of the service and its versions. Private halves stay in a device; here is only its reference to them. */
import type { HsmKey } from '../hsm/hsm.js';
import type { KeySpec, KeyUsage } from './key-spec.js';
import type { KeyState } from './key-state.js';

/** Where the private half lives. */
export type ProtectionLevel = 'SOFTWARE' | 'HSM';

/** What a caller chooses about a new key. */
export interface KeyAttributes {
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly protectionLevel: ProtectionLevel;
  readonly description: string;
  /** `kst-…` of the KMS instance that the key is said to live in. */
  readonly instanceId: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
}

/** One version of a key. */
export interface KeyVersion {
  readonly keyVersionId: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly hsmKey: HsmKey;
}

/** A key. */
export interface Key extends KeyAttributes {
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  /** Oldest first; never empty. */
  readonly versions: readonly [KeyVersion, ...KeyVersion[]];
  state: KeyState;
}
