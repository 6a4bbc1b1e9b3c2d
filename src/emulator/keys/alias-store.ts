/** The aliases of an account: names that stand for keys. */

/** One alias. */
export interface Alias {
  /** With its `alias/`. */
  readonly aliasName: string;
  readonly keyId: string;
}

/** Aliases in memory, in order of creation. */
export class AliasStore {
  readonly #aliases = new Map<string, Alias>();

  /** Adds an alias; false when the name is taken. */
  add(alias: Alias): boolean {
    if (this.#aliases.has(alias.aliasName)) return false;
    this.#aliases.set(alias.aliasName, alias);
    return true;
  }

  /** The alias of this name, if there is one. */
  find(aliasName: string): Alias | undefined {
    return this.#aliases.get(aliasName);
  }

  /** Every alias, oldest first. */
  all(): readonly Alias[] {
    return [...this.#aliases.values()];
  }
}
