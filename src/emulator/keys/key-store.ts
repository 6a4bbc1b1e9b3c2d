/**
 * The keys of an account, and the devices their private halves live in. Every change of a key goes through here.
 *
 * Invariant: `revision` grows with every change, and `snapshot` is the whole of what it counts; whoever saves the
 * snapshot of the current revision has saved everything but the private halves.
 */
import type { Clock } from '../clock.js';
import type { Hsm } from '../hsm/hsm.js';
import { Refusal } from '../refusal.js';
import { newKeyId, newKeyVersionId } from './identifiers.js';
import { type Key, type KeyAttributes, type KeyVersion, lastVersionMs, type ProtectionLevel } from './key.js';
import { type KeyRecord, keyOfRecord, recordOfKey } from './key-record.js';
import type { KeySpec } from './key-spec.js';
import { requireState } from './key-state.js';
import { DAY_MS, MAX_VERSIONS, MIN_VERSION_AGE_DAYS, QUOTAS } from './quotas.js';

/** The device for the keys of each protection level; one device may serve both. */
export type Devices = Readonly<Record<ProtectionLevel, Hsm>>;

/** What may change about a key besides its state and its versions. */
export type KeyChanges = Partial<Pick<Key, 'description' | 'tags' | 'deletionProtection'>>;

/** Keys in memory, in order of creation. */
export class KeyStore {
  readonly #devices: Devices;
  readonly #clock: Clock;
  readonly #onNotice: (line: string) => void;
  readonly #quota: number;
  readonly #keys = new Map<string, Key>();
  #revision = 0;
  /** Keys that are being made, so that concurrent calls do not exceed the quota. */
  #unfinished = 0;
  /** Work of the devices that will change a key. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Keys that ceased to exist, and whose private halves still have to go. */
  #removed: Key[] = [];
  #hasToldOfImitation = false;

  /** `onNotice` is told once, in one line, when a key of level HSM is kept by an imitation. */
  constructor(
    devices: Devices,
    clock: Clock,
    onNotice: (line: string) => void,
    quota: number = QUOTAS.legacy.keys,
  ) {
    this.#devices = devices;
    this.#clock = clock;
    this.#onNotice = onNotice;
    this.#quota = quota;
  }

  /** Counts the changes; it only grows. */
  get revision(): number {
    return this.#revision;
  }

  /** Everything about every key but the private halves, oldest first. */
  snapshot(): KeyRecord[] {
    return [...this.#keys.values()].map(recordOfKey);
  }

  /**
   * Replaces all keys by the recorded ones; their private halves have to be in the devices already. Throws
   * `KmsAsymError` `emulator` for a record that is damaged, and then changes nothing.
   */
  restore(records: readonly KeyRecord[]): void {
    const keys = records.map(keyOfRecord);
    this.#keys.clear();
    for (const key of keys) this.#keys.set(key.keyId, key);
    this.#revision += 1;
  }

  /** Generates a key with one version. Rejects with `Refusal` over the quota, `KmsAsymError` on device trouble. */
  create(attributes: KeyAttributes): Promise<Key> {
    return this.#follow(this.#create(attributes));
  }

  /**
   * Generates one more version. Rejects with `Refusal` when the state, the age of the newest version or the number
   * of versions forbids it, `KmsAsymError` `emulator` on device trouble.
   */
  addVersion(keyId: string): Promise<KeyVersion> {
    return this.#follow(this.#addVersion(keyId));
  }

  /** Changes what the caller says about a key. Throws `Refusal` when there is none. */
  update(keyId: string, changes: KeyChanges): Key {
    return this.#put({ ...this.#require(keyId), ...changes });
  }

  /** Enables or disables a key, also one that was to be deleted. Throws `Refusal` when there is none. */
  setState(keyId: string, state: 'Enabled' | 'Disabled'): Key {
    return this.#put({ ...this.#require(keyId), state, deleteMs: undefined });
  }

  /** Lets a key cease to exist after `days`. Throws `Refusal` when there is none. */
  scheduleDeletion(keyId: string, days: number): Key {
    const deleteMs = this.#clock() + days * DAY_MS;
    return this.#put({ ...this.#require(keyId), state: 'PendingDeletion', deleteMs });
  }

  /** Removes the keys whose time is over, and returns their ids; `destroyRemoved` takes care of the private halves. */
  removeExpired(): readonly string[] {
    const nowMs = this.#clock();
    const expired = [...this.#keys.values()].filter(({ deleteMs = Infinity }) => deleteMs <= nowMs);
    for (const key of expired) this.#keys.delete(key.keyId);
    if (expired.length > 0) this.#revision += 1;
    this.#removed.push(...expired);
    return expired.map(({ keyId }) => keyId);
  }

  /**
   * Destroys the private halves of keys that were removed until now, after `save` has made their removal durable:
   * metadata without a private half would be a key that fails. Rejects as `save` does, and with `KmsAsymError` on
   * device trouble; the next call tries again.
   */
  async destroyRemoved(save: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const removed = this.#removed;
    if (removed.length === 0) return;
    this.#removed = [];
    try {
      await save();
      for (const key of removed) await this.#destroy(key);
    } catch (error) {
      // Destroying twice is harmless, forgetting is not.
      this.#removed.push(...removed);
      throw error;
    }
  }

  /** The key with this id, if there is one. */
  find(keyId: string): Key | undefined {
    return this.#keys.get(keyId);
  }

  /** Every key, oldest first. */
  all(): readonly Key[] {
    return [...this.#keys.values()];
  }

  /** The device that holds the key's private halves. */
  deviceOf(key: { readonly protectionLevel: ProtectionLevel }): Hsm {
    return this.#devices[key.protectionLevel];
  }

  /**
   * Destroys every key, also those under way: a token that outlives the emulator must not fill up with keys that nobody
   * can name.
   */
  async destroyAll(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.destroyRemoved();
    for (const key of this.#keys.values()) await this.#destroy(key);
    this.#keys.clear();
    this.#revision += 1;
  }

  async #create(attributes: KeyAttributes): Promise<Key> {
    if (this.#keys.size + this.#unfinished >= this.#quota) throw new Refusal('Rejected.LimitExceeded');
    this.#unfinished += 1;
    try {
      const version = await this.#generateVersion(attributes);
      const { createdMs } = version;
      if (attributes.protectionLevel === 'HSM') this.#tellOfImitation();
      return this.#put({
        ...attributes,
        keyId: newKeyId(),
        createdMs,
        versions: [version],
        state: 'Enabled',
        deleteMs: undefined,
        deletionProtection: { isEnabled: false, description: '' },
      });
    } finally {
      this.#unfinished -= 1;
    }
  }

  async #addVersion(keyId: string): Promise<KeyVersion> {
    const before = this.#requireVersionable(keyId);
    const version = await this.#generateVersion(before);
    try {
      // The key may have changed while the device was busy.
      const key = this.#requireVersionable(keyId);
      this.#put({ ...key, versions: [...key.versions, version] });
    } catch (error) {
      await this.deviceOf(before).destroyKey(version.hsmKey.ref);
      throw error;
    }
    return version;
  }

  async #follow<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  #put(key: Key): Key {
    this.#keys.set(key.keyId, key);
    this.#revision += 1;
    return key;
  }

  #require(keyId: string): Key {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new Refusal('Forbidden.KeyNotFound');
    return key;
  }

  #requireVersionable(keyId: string): Key {
    const key = this.#require(keyId);
    requireState(key, 'createVersion');
    if (key.versions.length >= MAX_VERSIONS) throw new Refusal('Rejected.LimitExceeded');
    const ageMs = this.#clock() - lastVersionMs(key);
    if (ageMs < MIN_VERSION_AGE_DAYS * DAY_MS) throw new Refusal('Rejected.UnsupportedOperation');
    return key;
  }

  async #generateVersion(key: {
    readonly protectionLevel: ProtectionLevel;
    readonly spec: KeySpec;
  }): Promise<KeyVersion> {
    const hsmKey = await this.deviceOf(key).generateKey(key.spec);
    return { keyVersionId: newKeyVersionId(), createdMs: this.#clock(), hsmKey };
  }

  async #destroy(key: Key): Promise<void> {
    for (const { hsmKey } of key.versions) await this.deviceOf(key).destroyKey(hsmKey.ref);
  }

  #tellOfImitation(): void {
    const { isHardwareBacked, description } = this.#devices.HSM;
    if (isHardwareBacked || this.#hasToldOfImitation) return;
    this.#hasToldOfImitation = true;
    this.#onNotice(`the HSM is imitated: keys of ProtectionLevel HSM live in ${description}`);
  }
}
