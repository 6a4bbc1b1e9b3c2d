/** A large payload cut into batches, which threads take one after the other. */
import type { BATCH_WORK } from '../../age/batch.js';
import type { FileRegion } from '../../io/file-region.js';

/** What every thread has to know; can be sent to one. */
export interface BulkJob {
  readonly work: keyof typeof BATCH_WORK;
  /** Key of the payload, in memory that all threads share: who wipes it wipes it for all. */
  readonly key: Uint8Array;
  readonly input: FileRegion;
  readonly output: FileRegion;
  /** How many there are. */
  readonly batches: number;
  /** Shared by all threads: how many batches are taken, and how many are done. */
  readonly counts: Int32Array;
}

const TAKEN = 0;
const DONE = 1;

/**
 * A job for several threads.
 *
 * @param key - is copied; the caller wipes its own, and that of the job
 */
export function createJob(job: Omit<BulkJob, 'counts'>): BulkJob {
  const key = new Uint8Array(new SharedArrayBuffer(job.key.length));
  key.set(job.key);
  return { ...job, key, counts: new Int32Array(new SharedArrayBuffer(8)) };
}

/** The next batch that nobody has taken, or `undefined`. */
export function takeBatch({ batches, counts }: BulkJob): number | undefined {
  const batch = Atomics.add(counts, TAKEN, 1);
  return batch < batches ? batch : undefined;
}

/** To be called when a batch is written. */
export function finishBatch({ counts }: BulkJob): void {
  Atomics.add(counts, DONE, 1);
}

/** How many batches are written. */
export function countDone({ counts }: BulkJob): number {
  return Atomics.load(counts, DONE);
}

/** From now on nobody gets a batch; what is taken will be finished. */
export function stop({ batches, counts }: BulkJob): void {
  Atomics.store(counts, TAKEN, batches);
}
