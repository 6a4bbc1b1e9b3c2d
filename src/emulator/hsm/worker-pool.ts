/**
 * Threads for private-key operations, so that RSA never blocks the event loop and every core works. Threads start
 * when first needed, never keep the process alive while idle, and a thread that dies fails only its own jobs.
 */
import type { KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { KmsAsymError } from '../../errors.js';
import { WORKER_SOURCE } from './worker-source.js';

/** One private-key operation. `input` is a ciphertext, an encoded message or a digest, as the operation wants. */
export interface PrivateKeyJob {
  readonly key: KeyObject;
  readonly operation: 'decrypt' | 'rsaPkcs1' | 'rsaRaw' | 'ecdsa';
  /** OpenSSL name of the OAEP hash, for `decrypt`. */
  readonly hash?: string;
  readonly input: Uint8Array;
}

interface Answer {
  readonly id: number;
  readonly output?: Uint8Array;
  readonly error?: string;
}

interface Waiter {
  readonly resolve: (output: Uint8Array | undefined) => void;
  readonly reject: (reason: KmsAsymError) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiters: Map<number, Waiter>;
}

/** Jobs leave little behind; without a limit each thread would let some 30 MiB of it pile up before it sweeps. */
const LIMITS = { maxYoungGenerationSizeMb: 3 };

/** A pool of `size` threads (default: one per core). */
export class WorkerPool {
  readonly #size: number;
  readonly #source: string;
  readonly #threads = new Set<Thread>();
  #lastId = 0;
  #closed = false;

  /** `source` is the program of a thread; only tests of the pool itself give another one. */
  constructor(size: number = availableParallelism(), source: string = WORKER_SOURCE) {
    this.#size = size;
    this.#source = source;
  }

  /**
   * Runs one job. Resolves to its output, `undefined` when a ciphertext does not decrypt. Rejects with
   * `KmsAsymError` `emulator` when the operation itself failed, its thread died, or the pool is closed.
   */
  run({ key, operation, hash, input }: PrivateKeyJob): Promise<Uint8Array | undefined> {
    if (this.#closed) return Promise.reject(new KmsAsymError('emulator', 'the software HSM is closed'));
    const thread = this.#leastBusy();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (thread.waiters.size === 0) thread.worker.ref();
      thread.waiters.set(id, { resolve, reject });
      thread.worker.postMessage({ id, key, operation, hash, input });
    });
  }

  /** Ends every thread; jobs under way are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#threads];
    for (const thread of threads) this.#drop(thread, 'the software HSM is closed');
    await Promise.all(threads.map((thread) => thread.worker.terminate()));
  }

  #leastBusy(): Thread {
    let best: Thread | undefined;
    for (const thread of this.#threads) {
      if (best === undefined || thread.waiters.size < best.waiters.size) best = thread;
    }
    if (best !== undefined && (best.waiters.size === 0 || this.#threads.size >= this.#size)) return best;
    return this.#start();
  }

  #start(): Thread {
    const worker = new Worker(this.#source, { eval: true, execArgv: [], env: {}, resourceLimits: LIMITS });
    const thread: Thread = { worker, waiters: new Map() };
    worker.on('message', (answer: Answer) => {
      settle(thread, answer);
    });
    worker.on('error', (error) => {
      this.#drop(thread, 'a software HSM thread crashed', error);
    });
    worker.on('exit', () => {
      this.#drop(thread, 'a software HSM thread ended early');
    });
    this.#threads.add(thread);
    return thread;
  }

  #drop(thread: Thread, message: string, cause?: unknown): void {
    this.#threads.delete(thread);
    for (const waiter of thread.waiters.values())
      waiter.reject(new KmsAsymError('emulator', message, { cause }));
    thread.waiters.clear();
  }
}

function settle(thread: Thread, answer: Answer): void {
  const waiter = thread.waiters.get(answer.id);
  thread.waiters.delete(answer.id);
  if (thread.waiters.size === 0) thread.worker.unref();
  if (answer.error === undefined) waiter?.resolve(answer.output);
  else waiter?.reject(new KmsAsymError('emulator', 'the software HSM failed', { cause: answer.error }));
}
