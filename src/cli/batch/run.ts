/**
 * Many files, each by the operation that a single one goes through. They share keys, connections and one rate of calls;
 * each result is whole or absent, so the same command can be run again after anything.
 */
import { keepHandlers } from '../../io/cleanup.js';
import type { Input } from '../../io/input.js';
import { OutputDirectory } from '../../io/output-directory.js';
import type { Output } from '../../io/output.js';
import type { Context } from '../context.js';
import type { KmsClients } from '../kms-clients.js';
import type { GlobalOptions } from '../options.js';
import { namesAlsoRead, type OutputOptions } from '../output-option.js';
import { startFileProgress } from '../progress.js';
import { FileAttempts } from './attempt.js';
import { readNames } from './name-list.js';
import { DEFAULT_JOBS, type AskedBatch } from './options.js';
import { openPacedClients } from './paced-clients.js';
import { planFiles, refuseExisting } from './plan.js';
import { Report, type Outcome } from './report.js';
import type { Rename } from './result-path.js';
import { together } from './together.js';

/** Carries out one file, and describes what it did. */
export type CarryOut = (input: Input, output: Output) => Promise<object>;

/** What a command does with many files. */
export interface Operation {
  /** In the past tense: `encrypted`. */
  readonly done: string;
  /** True when results are plaintext. */
  readonly secret: boolean;
  readonly rename: Rename;
  /** Reads keys, and whatever else is the same for all files. */
  prepare(context: Context, clients: KmsClients): Promise<CarryOut>;
}

/** The flags that matter here. */
export type RunOptions = AskedBatch & GlobalOptions & OutputOptions;

const UNTRIED: Outcome = { status: 'untried', reason: 'another file failed before' };

/**
 * Runs a batch; what becomes of each file is told when it is done, and leaves the exit status.
 *
 * @throws KmsAsymError before anything is done: `usage`, and as reading names and keys does
 */
export async function runBatch(
  inputs: readonly string[],
  operation: Operation,
  options: RunOptions,
  context: Context,
): Promise<void> {
  const { outputDir, jobs = DEFAULT_JOBS } = options;
  const directory = new OutputDirectory(outputDir, operation.secret);
  const names = [...inputs, ...(await readList(options, context))];
  const files = planFiles(names, directory, operation.rename);
  const { force = false, skipExisting = false } = options;
  if (!force && !skipExisting && options.continue !== true) refuseExisting(files, directory);
  const progress = startFileProgress(context, files.length);
  const clients = openPacedClients(options, context);
  const release = keepHandlers();
  try {
    const carryOut = await operation.prepare({ ...context, progress: progress.bytes }, clients);
    const alsoRead = namesAlsoRead(options, context.env);
    const attempts = new FileAttempts({
      ...options,
      directory,
      carryOut,
      alsoRead,
      secret: operation.secret,
    });
    const report = new Report(context, outputDir, operation.done);
    await together(jobs, files, async (file, free) => {
      const isOver = report.hasFailures && options.continue !== true;
      await report.tell(file, isOver ? UNTRIED : await attempts.attempt(file, free));
      progress.next();
    });
    progress.end();
    await report.sumUp();
  } finally {
    progress.end();
    release();
    await clients.close();
  }
}

async function readList({ filesFrom, ...options }: RunOptions, { stdio }: Context): Promise<string[]> {
  return filesFrom === undefined ? [] : readNames(filesFrom, options.null === true, stdio.stdin);
}
