/** A key as plain data: JSON goes in and out without loss. What a key store is saved as and restored from. */
import { decodeBase64, encodeBase64 } from '../../crypto/encoding.js';
import { KmsAsymError } from '../../errors.js';
import type { HsmKeyType } from '../hsm/hsm.js';
import type { DeletionProtection, Key, KeyAttributes, KeyVersion } from './key.js';
import type { KeyState } from './key-state.js';

/** One version; the private half is named only. */
export interface KeyVersionRecord {
  readonly keyVersionId: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  /** The device's reference to the private half. */
  readonly hsmRef: string;
  readonly type: HsmKeyType;
  /** SubjectPublicKeyInfo, DER in standard base64. */
  readonly publicKey: string;
}

/** A key. */
export interface KeyRecord extends Omit<KeyAttributes, 'tags' | 'instanceId'> {
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly state: KeyState;
  /** Milliseconds since the epoch; in state PendingDeletion alone. */
  readonly deleteMs?: number;
  readonly deletionProtection: DeletionProtection;
  readonly instanceId?: string;
  /** In order of creation. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Oldest first; never empty. */
  readonly versions: readonly [KeyVersionRecord, ...KeyVersionRecord[]];
}

const records = new WeakMap<Key, KeyRecord>();

/** The record of a key: of the same key always the same one, so that saving many keys again and again is cheap. */
export function recordOfKey(key: Key): KeyRecord {
  const known = records.get(key);
  if (known !== undefined) return known;
  const record = makeRecord(key);
  records.set(key, record);
  return record;
}

function makeRecord({ tags, versions, deleteMs, instanceId, ...plain }: Key): KeyRecord {
  const [first, ...others] = versions;
  return {
    ...plain,
    ...(deleteMs !== undefined && { deleteMs }),
    ...(instanceId !== undefined && { instanceId }),
    tags: [...tags],
    versions: [recordOfVersion(first), ...others.map(recordOfVersion)],
  };
}

/** The key of a record. Throws `KmsAsymError` `emulator` when a public key is no base64. */
export function keyOfRecord(record: KeyRecord): Key {
  const { tags, versions, deleteMs, instanceId, ...plain } = record;
  const [first, ...others] = versions;
  return {
    ...plain,
    deleteMs,
    instanceId,
    tags: new Map(tags),
    versions: [versionOfRecord(first), ...others.map(versionOfRecord)],
  };
}

function recordOfVersion({ keyVersionId, createdMs, hsmKey }: KeyVersion): KeyVersionRecord {
  const { ref, type, publicKeyDer } = hsmKey;
  return { keyVersionId, createdMs, hsmRef: ref, type, publicKey: encodeBase64(publicKeyDer) };
}

function versionOfRecord({ keyVersionId, createdMs, ...hsm }: KeyVersionRecord): KeyVersion {
  const publicKeyDer = decodeBase64(hsm.publicKey);
  if (publicKeyDer === undefined) {
    throw new KmsAsymError('emulator', `the record of key version "${keyVersionId}" holds no public key`);
  }
  return { keyVersionId, createdMs, hsmKey: { ref: hsm.hsmRef, type: hsm.type, publicKeyDer } };
}
