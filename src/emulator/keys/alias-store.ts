/**
 * The aliases of an account: names that stand for keys. Every change of an alias goes through here.
 *
 * Invariant: `revision` grows with every change, and `snapshot` is the whole of what it counts.
 */
import { Refusal } from '../refusal.js';
import { QUOTAS } from './quotas.js';

/** One alias; plain data, so that it is its own record. */
export interface Alias {
  /** With its `alias/`. */
  readonly aliasName: string;
  readonly keyId: string;
}

/** Aliases in memory, in order of creation. */
export class AliasStore {
  readonly #quota: number;
  readonly #aliases = new Map<string, Alias>();
  #revision = 0;

  constructor(quota: number = QUOTAS.legacy.aliases) {
    this.#quota = quota;
  }

  /** Counts the changes; it only grows. */
  get revision(): number {
    return this.#revision;
  }

  /** Every alias, oldest first. */
  snapshot(): Alias[] {
    return [...this.#aliases.values()];
  }

  /** Replaces all aliases by the recorded ones. */
  restore(aliases: readonly Alias[]): void {
    this.#aliases.clear();
    for (const { aliasName, keyId } of aliases) this.#aliases.set(aliasName, { aliasName, keyId });
    this.#revision += 1;
  }

  /** Adds an alias. Throws `Refusal` when the name is taken or the quota is used up. */
  add(alias: Alias): void {
    if (this.#aliases.has(alias.aliasName)) throw new Refusal('AliasAlreadyExists');
    if (this.#aliases.size >= this.#quota) throw new Refusal('Rejected.LimitExceeded');
    this.#put(alias);
  }

  /** Lets an alias stand for another key. Throws `Refusal` when there is none of this name. */
  rebind(alias: Alias): void {
    this.require(alias.aliasName);
    this.#put(alias);
  }

  /** Removes an alias. Throws `Refusal` when there is none of this name. */
  remove(aliasName: string): void {
    this.require(aliasName);
    this.#aliases.delete(aliasName);
    this.#revision += 1;
  }

  /** Removes the aliases of keys that ceased to exist. */
  removeOf(keyIds: readonly string[]): void {
    for (const { aliasName } of this.snapshot().filter(({ keyId }) => keyIds.includes(keyId))) {
      this.remove(aliasName);
    }
  }

  /** The alias of this name. Throws `Refusal` `Forbidden.AliasNotFound` without one. */
  require(aliasName: string): Alias {
    const alias = this.#aliases.get(aliasName);
    if (alias === undefined) throw new Refusal('Forbidden.AliasNotFound');
    return alias;
  }

  #put(alias: Alias): void {
    this.#aliases.set(alias.aliasName, alias);
    this.#revision += 1;
  }
}
