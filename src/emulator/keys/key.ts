/** A key of the service and its versions. Private halves stay in a device; here is only its reference to them. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { asBuffer } from '../../crypto/encoding.js';
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

/** Whether the key may be scheduled for deletion, and why not. */
export interface DeletionProtection {
  readonly isEnabled: boolean;
  readonly description: string;
}

/** A key as it is at one moment: a change makes a new object, which the key store hands out from then on. */
export interface Key extends KeyAttributes {
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  /** Oldest first; never empty. */
  readonly versions: readonly [KeyVersion, ...KeyVersion[]];
  readonly state: KeyState;
  /** When the key ceases to exist, in milliseconds since the epoch; set in state PendingDeletion alone. */
  readonly deleteMs: number | undefined;
  readonly deletionProtection: DeletionProtection;
}

/** When the newest version was made, in milliseconds since the epoch. */
export function lastVersionMs(key: Key): number {
  return Math.max(...key.versions.map(({ createdMs }) => createdMs));
}

/** The public half of a version. */
export function publicKeyOf({ hsmKey }: KeyVersion): KeyObject {
  return createPublicKey({ key: asBuffer(hsmKey.publicKeyDer), format: 'der', type: 'spki' });
}
