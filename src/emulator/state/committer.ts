/** Saves of one thing that changes: as many at once as come, but written one after the other, and no more than needed. */

/** Invariant: `commit` resolves only after a write that began after everything the caller had changed. */
export class Committer {
  readonly #revision: () => number;
  readonly #write: () => Promise<void>;
  #saved = -1;
  #writing: { readonly revision: number; readonly done: Promise<void> } | undefined;
  #next: Promise<void> | undefined;

  /** `revision` grows with every change; `write` takes its snapshot before it first waits. */
  constructor(revision: () => number, write: () => Promise<void>) {
    this.#revision = revision;
    this.#write = write;
  }

  /** Resolves when the present revision is saved; rejects as `write` does, and then the next call tries again. */
  commit(): Promise<void> {
    const revision = this.#revision();
    if (revision === this.#saved) return Promise.resolve();
    if (revision === this.#writing?.revision) return this.#writing.done;
    return (this.#next ??= this.#writeNext());
  }

  async #writeNext(): Promise<void> {
    await this.#writing?.done.catch(() => undefined);
    const revision = this.#revision();
    const done = this.#write();
    this.#next = undefined;
    this.#writing = { revision, done };
    try {
      await done;
      this.#saved = revision;
    } finally {
      this.#writing = undefined;
    }
  }
}
