/** A job done by this thread and a second one. */
import { KmsAsymError } from '../../errors.js';
import { Turn } from '../../io/turn.js';
import { countDone, type BulkJob } from './job.js';
import { startSecondThread } from './second-thread.js';
import { Share, type ShareFailure } from './share.js';

/**
 * Does all batches of a job. When it settles, no thread touches the files any more.
 *
 * @param program - file that the second thread runs
 * @param report - is told how many batches more are done, now and then
 * @throws KmsAsymError what a single thread would have met: `read-failed`, `write-failed`, `undecryptable`; any Error when
 * the second thread itself broke
 */
export async function doTogether(
  job: BulkJob,
  program: string,
  report: (batches: number) => void,
): Promise<void> {
  const second = startSecondThread(program, job);
  let reported = 0;
  const tell = (): void => {
    const done = countDone(job);
    report(done - reported);
    reported = done;
  };
  const ours = await doHere(job, tell);
  // When all is done, nothing is left to a thread that is only starting.
  const theirs = countDone(job) === job.batches ? undefined : await second.ended;
  second.release();
  const [first] = [ours, theirs].filter((failure) => failure !== undefined).sort(byBatch);
  if (first) throw new KmsAsymError(first.code, first.message, first);
  tell();
  if (reported !== job.batches) throw new Error('a batch is missing');
}

async function doHere(job: BulkJob, tell: () => void): Promise<ShareFailure | undefined> {
  const share = new Share(job);
  const turn = new Turn();
  while (share.next()) {
    if (!turn.isOver) continue;
    tell();
    await turn.pass();
  }
  return share.failure;
}

function byBatch(one: ShareFailure, other: ShareFailure): number {
  return one.batch - other.batch;
}
