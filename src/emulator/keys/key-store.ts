/** The keys of an account, and the devices their private halves live in. */
import type { Clock } from '../clock.js';
import type { Hsm } from '../hsm/hsm.js';
import { newKeyId, newKeyVersionId } from './identifiers.js';
import type { Key, KeyAttributes, ProtectionLevel } from './key.js';

/** The device for the keys of each protection level; one device may serve both. */
export type Devices = Readonly<Record<ProtectionLevel, Hsm>>;

/** Keys in memory, in order of creation. */
export class KeyStore {
  readonly #devices: Devices;
  readonly #clock: Clock;
  readonly #onNotice: (line: string) => void;
  readonly #keys = new Map<string, Key>();
  #hasToldOfImitation = false;

  /** `onNotice` is told once, in one line, when a key of level HSM is kept by an imitation. */
  constructor(devices: Devices, clock: Clock, onNotice: (line: string) => void) {
    this.#devices = devices;
    this.#clock = clock;
    this.#onNotice = onNotice;
  }

  /** Generates a key with one version. Rejects with `KmsAsymError` `emulator` on device trouble. */
  async create(attributes: KeyAttributes): Promise<Key> {
    const hsmKey = await this.#devices[attributes.protectionLevel].generateKey(attributes.spec);
    const createdMs = this.#clock();
    const key: Key = {
      ...attributes,
      keyId: newKeyId(),
      createdMs,
      versions: [{ keyVersionId: newKeyVersionId(), createdMs, hsmKey }],
      state: 'Enabled',
    };
    this.#keys.set(key.keyId, key);
    if (attributes.protectionLevel === 'HSM') this.#tellOfImitation();
    return key;
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
  deviceOf(key: Key): Hsm {
    return this.#devices[key.protectionLevel];
  }

  /** Destroys every key: a token that outlives the emulator must not fill up with keys that nobody can name. */
  async destroyAll(): Promise<void> {
    for (const key of this.#keys.values()) {
      for (const { hsmKey } of key.versions) await this.deviceOf(key).destroyKey(hsmKey.ref);
    }
    this.#keys.clear();
  }

  #tellOfImitation(): void {
    const { isHardwareBacked, description } = this.#devices.HSM;
    if (isHardwareBacked || this.#hasToldOfImitation) return;
    this.#hasToldOfImitation = true;
    this.#onNotice(`the HSM is imitated: keys of ProtectionLevel HSM live in ${description}`);
  }
}
