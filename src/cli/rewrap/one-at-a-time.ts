/** Work on files that may be the same one under several names: what concerns one file is done one after the other. */
import { identityAt } from '../../io/file-identity.js';

/** Knows which files are under way in this run. */
export class OneAtATime {
  readonly #underWay = new Map<string, Promise<unknown>>();

  /** Does the work when no other on the same file is under way; settles as it does. */
  async do<T>(name: string, work: () => Promise<T>): Promise<T> {
    const key = keyOf(name);
    if (key === undefined) return work();
    for (let other = this.#underWay.get(key); other; other = this.#underWay.get(key)) await other;
    const own = work();
    const settled = own.catch(() => undefined);
    this.#underWay.set(key, settled);
    try {
      return await own;
    } finally {
      this.#underWay.delete(key);
    }
  }
}

function keyOf(name: string): string | undefined {
  const identity = identityAt(name);
  return identity && `${identity.dev}:${identity.ino}`;
}
