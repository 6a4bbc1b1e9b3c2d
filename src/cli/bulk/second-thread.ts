/** The other thread of a job. */
import { Worker } from 'node:worker_threads';
import { errnoOf } from '../../errors.js';
import { stop, type BulkJob } from './job.js';
import type { ShareFailure } from './share.js';

/** A thread that takes batches of a job as this one does. */
export interface SecondThread {
  /**
   * Settles when it touches nothing any more: with its failure, if it has one. Rejects when the thread itself broke; then
   * the job is stopped.
   */
  readonly ended: Promise<ShareFailure | undefined>;
  /** From now on the process ends without waiting for it. */
  release(): void;
}

/** The system lacks what a thread needs to begin. It has taken nothing, so nothing is missing. */
const NOT_STARTED: ReadonlySet<string | undefined> = new Set(['ERR_WORKER_INIT_FAILED', 'EMFILE', 'ENFILE']);

/**
 * Starts it.
 *
 * @param program - file that it runs: the bundle of `bin/second-thread.ts`
 */
export function startSecondThread(program: string, job: BulkJob): SecondThread {
  let worker: Worker;
  try {
    worker = new Worker(program, { workerData: job });
  } catch {
    // The system gives no more threads.
    return { ended: Promise.resolve(undefined), release: () => undefined };
  }
  const ended = new Promise<ShareFailure | undefined>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', (error) => {
      if (NOT_STARTED.has(errnoOf(error))) resolve(undefined);
      else reject(error);
    });
    worker.once('exit', () => {
      reject(new Error('the second thread ended without a word'));
    });
  });
  ended.catch(() => {
    stop(job);
  });
  return {
    ended,
    release: () => {
      worker.unref();
    },
  };
}
