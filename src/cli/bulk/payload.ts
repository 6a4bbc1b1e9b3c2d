/**
 * The payload of a large age file, from a regular file to a regular file: all but its end is done by two threads, which
 * is twice as fast where both cores are free. The end is for one alone, so that a file that grows meanwhile is read to it.
 */
import { availableParallelism } from 'node:os';
import { BATCH_CHUNKS, BATCH_WORK } from '../../age/batch.js';
import { wipe } from '../../age/file-key.js';
import { type FileRegion, writeRegion } from '../../io/file-region.js';
import type { Input, InputFile } from '../../io/input.js';
import type { Output } from '../../io/output.js';
import type { Context, SecondThreadProgram } from '../context.js';
import { createJob, type BulkJob } from './job.js';

/** A payload, and who waits for it. */
export interface BulkPayload {
  readonly context: Pick<Context, 'secondThread'>;
  readonly input: Input;
  readonly output: Output;
  readonly work: BulkJob['work'];
  /** Bytes of the input before the first chunk. */
  readonly start: number;
  /** Bytes of the output that come before the first chunk, and are still to be written. */
  readonly headBytes: number;
  /** Called when so many chunks will be done; gives their key, and those bytes. */
  readonly leave: (chunks: number) => { readonly key: Uint8Array; readonly head: Uint8Array };
  /** Told now and then what more is done, in bytes. */
  readonly report: (inputBytes: number, outputBytes: number) => void;
}

/** One at a time: several would only take turns on the cores, and each has megabytes of its own. */
let isBusy = false;

/**
 * Does as much of a payload as whole batches are.
 *
 * @returns bytes of the input that are done from its start on: 0 for a payload that is not for two threads
 * @throws KmsAsymError as reading, writing and opening chunks do
 */
export async function doBulk(payload: BulkPayload): Promise<number> {
  const plan = planBulk(payload);
  if (!plan) return 0;
  const { leave, work, report } = payload;
  const { batches, program, input, region } = plan;
  const { inputBytes, outputBytes } = BATCH_WORK[work];
  const { key, head } = leave(batches * BATCH_CHUNKS);
  const job = createJob({
    work,
    key,
    batches,
    input: { fd: input.fd, position: payload.start, subject: input.subject },
    output: { ...region, position: region.position + head.length },
  });
  isBusy = true;
  try {
    writeRegion(region, 0, head);
    const { doTogether } = await import('./both-threads.js');
    await doTogether(job, program.file, (done) => report(done * inputBytes, done * outputBytes));
  } finally {
    wipe(job.key);
    isBusy = false;
  }
  return batches * inputBytes;
}

interface Plan {
  readonly batches: number;
  readonly program: SecondThreadProgram;
  readonly input: InputFile;
  readonly region: FileRegion;
}

function planBulk({ context, input, output, work, start, headBytes }: BulkPayload): Plan | undefined {
  const program = context.secondThread;
  const { file, size = 0 } = input;
  if (isBusy || !program || !file || size < program.minBytes || availableParallelism() < 2) return undefined;
  const { inputBytes, outputBytes } = BATCH_WORK[work];
  // At least a byte is left: the last chunk is not for a batch.
  const batches = Math.floor((size - start - 1) / inputBytes);
  if (batches < 1) return undefined;
  const region = output.reserve?.(headBytes + batches * outputBytes);
  return region && { batches, program, input: file, region };
}
