/** Work that several wait for at once: it goes on while one of them still waits, and is told to end when none does. */

/** Work under way. */
export class SharedWork<T> {
  readonly #nobodyWaits = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;

  /** Begins `work`, whose signal says that its result is wanted no more. */
  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#nobodyWaits.signal);
  }

  /** True once everybody who waited has got its result or given up. */
  get isOver(): boolean {
    return this.#nobodyWaits.signal.aborted;
  }

  /** The result of the work; rejects with what `explain` says when `signal` ends the wait first. */
  async wait(signal: AbortSignal | undefined, explain: () => Error): Promise<T> {
    this.#waiting += 1;
    try {
      return await (signal === undefined ? this.#result : unlessAborted(this.#result, signal, explain));
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#nobodyWaits.abort();
    }
  }
}

async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal, explain: () => Error): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(explain());
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
