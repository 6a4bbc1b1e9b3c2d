/** All files of a `rewrap`, or what comes in as a filter. */
import { recognizeAge, RECOGNITION_BYTES } from '../../age/recognition.js';
import { KmsAsymError } from '../../errors.js';
import { openInput, openRegularInput, type Input } from '../../io/input.js';
import { hasJournal } from '../../io/journal-entries.js';
import { Peeked } from '../../io/peek.js';
import { walk, type Found } from '../../io/walk.js';
import { DEFAULT_JOBS } from '../batch/options.js';
import { together } from '../batch/together.js';
import { openOutput, requireOutputFile } from '../output-option.js';
import { rewrapAgeStream } from './age-rewrap.js';
import { asUnfinished, checkFile, type Checked } from './check.js';
import { rewrapFile } from './file-rewrap.js';
import { OneAtATime } from './one-at-a-time.js';
import { Report } from './report.js';
import type { Rewrapped, RewrapRun } from './rewrapping.js';

/**
 * Rewraps or checks files. A file that is named alone fails with its own error; of several, those that fail are told
 * about, and the others go on. Leaves the exit status.
 *
 * @throws KmsAsymError of the only file, and `credentials`, which no other file would be spared
 */
export async function runOnFiles(run: RewrapRun, paths: readonly string[]): Promise<void> {
  const report = new Report(run.context);
  const files = new OneAtATime();
  let isAlone = paths.length === 1;
  const work = async (found: Found): Promise<void> => {
    isAlone &&= found.isNamed;
    try {
      await report.tell(found.path, await files.do(found.path, () => workOn(run, found)));
    } catch (error) {
      if (!(error instanceof KmsAsymError) || isAlone || error.code === 'credentials') throw error;
      await report.tellFailure(found.path, error);
    }
  };
  await together(run.options.jobs ?? DEFAULT_JOBS, walk(paths), work);
  report.leaveStatus();
  if (!isAlone || !report.isUsed) await report.sumUp();
}

/**
 * Rewraps stdin to the output, or checks it. Leaves the exit status.
 *
 * @throws KmsAsymError as opening, reading and writing do
 */
export async function runAsFilter(run: RewrapRun): Promise<void> {
  const { options, context } = run;
  const report = new Report(context);
  const input = openInput(undefined, context.stdio.stdin);
  try {
    if (options.check === true) await report.tell(input.name, await checkFile(run, input, true));
    else await report.tellFiltered(input.name, await filter(run, input));
  } finally {
    input.close();
  }
  report.leaveStatus();
}

async function workOn(run: RewrapRun, found: Found): Promise<Rewrapped | Checked> {
  if (found.error) throw found.error;
  if (run.options.check !== true) return rewrapFile(run, found.path, found.isNamed);
  const input = openRegularInput(found.path, found.isNamed);
  try {
    const checked = await checkFile(run, input, found.isNamed);
    return checked.Status === 'current' && hasJournal(found.path) ? asUnfinished(checked) : checked;
  } finally {
    input.close();
  }
}

async function filter(run: RewrapRun, input: Input): Promise<Rewrapped> {
  const { options, context } = run;
  requireOutputFile(options);
  const file = new Peeked(input.chunks());
  const { bytes: head } = await file.peek(RECOGNITION_BYTES);
  const encoding = recognizeAge(head);
  const output = openOutput(options, context, {
    secret: false,
    kind: encoding === 'armor' ? 'text' : 'binary',
    input,
  });
  output.check();
  if (encoding) return rewrapAgeStream(run, input, file, output, encoding);
  const { rewrapOaepStream } = await import('./oaep-rewrap.js');
  return rewrapOaepStream(run, input, file, output);
}
