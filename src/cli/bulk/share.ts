/**
 * What one thread does of a job.
 *
 * Batches are taken in their order, and one that is taken is brought to its end. So when any of them fails, all before the
 * first that fails were done: its error is the one that a single thread would have met.
 */
import { BATCH_WORK, type BatchWork } from '../../age/batch.js';
import type { ErrorCode } from '../../errors.js';
import { createReadBuffer } from '../../io/descriptor.js';
import { readRegion, writeRegion } from '../../io/file-region.js';
import { becameShorter } from '../../io/system-error.js';
import { knownError } from '../unexpected-error.js';
import { finishBatch, stop, takeBatch, type BulkJob } from './job.js';

/** Why a share failed; can be sent to another thread, which errors cannot. */
export interface ShareFailure {
  readonly batch: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

/** The batches that one thread takes. */
export class Share {
  readonly #work: BatchWork;
  readonly #input: Buffer;
  readonly #output: Buffer;
  #failure: ShareFailure | undefined;

  constructor(private readonly job: BulkJob) {
    this.#work = BATCH_WORK[job.work];
    this.#input = createReadBuffer(this.#work.inputBytes);
    this.#output = createReadBuffer(this.#work.outputBytes);
  }

  /** What stopped it and everybody else, if anything did. */
  get failure(): ShareFailure | undefined {
    return this.#failure;
  }

  /** Takes one batch and does it; false when none is left, or it failed. */
  next(): boolean {
    const batch = takeBatch(this.job);
    if (batch === undefined) return false;
    try {
      this.#do(batch);
      finishBatch(this.job);
      return true;
    } catch (error) {
      stop(this.job);
      const { code, message, hints } = knownError(error);
      this.#failure = { batch, code, message, hints };
      return false;
    }
  }

  #do(batch: number): void {
    const { key, input, output } = this.job;
    const { inputBytes, outputBytes } = this.#work;
    if (readRegion(input, batch * inputBytes, this.#input) < inputBytes) {
      throw becameShorter(input.subject);
    }
    this.#work.run(key, batch, this.#input, this.#output);
    writeRegion(output, batch * outputBytes, this.#output);
  }
}

/** Does all that is left of a job; for a thread that does nothing else. */
export function doShare(job: BulkJob): ShareFailure | undefined {
  const share = new Share(job);
  while (share.next());
  return share.failure;
}
