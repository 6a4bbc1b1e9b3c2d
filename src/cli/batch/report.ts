/** What became of the files of a batch: one JSON object each, or lines for people about those that failed, and a summary. */
import path from 'node:path';
import { messageAbout, reworded, type KmsAsymError } from '../../errors.js';
import type { Context } from '../context.js';
import { SOME_FAILED_STATUS } from '../exit-codes.js';
import { errorObject, type JsonObject } from '../terminal.js';
import type { PlannedFile } from './plan.js';

/** What became of one file. */
export type Outcome =
  | { readonly status: 'done'; readonly result: object }
  | { readonly status: 'skipped' | 'untried'; readonly reason: string }
  | { readonly status: 'failed'; readonly error: KmsAsymError };

/** Tells about files as they are done. */
export class Report {
  readonly #counts = { done: 0, skipped: 0, failed: 0, untried: 0 };
  readonly #hints = new Set<string>();

  /** @param done - what became of files that went well: `encrypted` */
  constructor(
    private readonly context: Context,
    private readonly directory: string,
    private readonly done: string,
  ) {}

  /** True once a file failed. */
  get hasFailures(): boolean {
    return this.#counts.failed > 0;
  }

  /** Tells what became of one file. Rejects as writing to stdout and stderr does. */
  async tell(file: PlannedFile, outcome: Outcome): Promise<void> {
    this.#counts[outcome.status] += 1;
    const { terminal } = this.context;
    if (terminal.verbosity.json) await terminal.json(this.#object(file, outcome));
    else if (outcome.status === 'failed') await this.#tellFailure(file.path, outcome.error);
    else if (terminal.verbosity.verbose)
      await terminal.detail(`"${file.path}": ${this.#inWords(file, outcome)}`);
  }

  /** Tells what became of all, and leaves the exit status. */
  async sumUp(): Promise<void> {
    const { terminal } = this.context;
    const { done, skipped, failed, untried } = this.#counts;
    if (failed > 0) this.context.exitStatus = SOME_FAILED_STATUS;
    const total = done + skipped + failed + untried;
    const parts = [
      `${done} ${this.done}`,
      ...(skipped > 0
        ? [`${skipped} skipped (${skipped === 1 ? 'its result is' : 'their results are'} there)`]
        : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(untried > 0 ? [`${untried} not tried after that (--continue)`] : []),
    ];
    await terminal.summary(`${total} ${total === 1 ? 'file' : 'files'}: ${parts.join(', ')}`, {
      Files: total,
      Done: done,
      Skipped: skipped,
      Failed: failed,
      Untried: untried,
    });
  }

  #object(file: PlannedFile, outcome: Outcome): JsonObject {
    return {
      Input: file.path,
      Output: this.#resultOf(file),
      Status: outcome.status,
      ...(outcome.status === 'done' && outcome.result),
      ...('reason' in outcome && { Reason: outcome.reason }),
      ...('error' in outcome && {
        Reason: errorObject(outcome.error)['Message'],
        Error: errorObject(outcome.error),
      }),
    };
  }

  #inWords(file: PlannedFile, outcome: Exclude<Outcome, { status: 'failed' }>): string {
    if (outcome.status === 'done') return `${this.done} to "${this.#resultOf(file) ?? ''}"`;
    return `${outcome.status}: ${outcome.reason}`;
  }

  #resultOf({ result }: PlannedFile): string | undefined {
    return typeof result === 'string' ? path.join(this.directory, result) : undefined;
  }

  /** A hint that was given for one file is not given for the next. */
  async #tellFailure(name: string, error: KmsAsymError): Promise<void> {
    const hints = error.hints.filter((hint) => !this.#hints.has(hint));
    for (const hint of hints) this.#hints.add(hint);
    await this.context.terminal.error(reworded(error, () => ({ message: messageAbout(name, error), hints })));
  }
}
