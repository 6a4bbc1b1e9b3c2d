/** What became of the files of a run: a line on stdout for each, an object with `--json`, and what went wrong on stderr. */
import { namedError, type KmsAsymError } from '../../errors.js';
import type { Context } from '../context.js';
import { SOME_FAILED_STATUS } from '../exit-codes.js';
import { errorObject, printable } from '../terminal.js';
import type { Checked } from './check.js';
import type { Rewrapped } from './rewrapping.js';

/** Exit status of a check that found files for other keys. */
const STALE = 3;

/** Tells about files as they are done. */
export class Report {
  readonly #counts = new Map<string, number>();

  constructor(private readonly context: Context) {}

  /** True when there was something to tell. */
  get isUsed(): boolean {
    return this.#counts.size > 0;
  }

  /** Tells what became of one file. Rejects as writing to stdout and stderr does. */
  async tell(name: string, outcome: Rewrapped | Checked): Promise<void> {
    this.#add(outcome.Status);
    const { terminal } = this.context;
    if (terminal.verbosity.json) await terminal.json({ Input: name, ...outcome });
    else if (outcome.Status === 'stale') await this.#tellStale(name, outcome);
    else if (outcome.Status === 'skipped' || outcome.Status === 'current')
      await terminal.detail(`${outcome.Status}: ${name}`);
    else if (!terminal.verbosity.quiet) await terminal.data(`${printable(`${outcome.Status}: ${name}`)}\n`);
  }

  /** Tells what became of stdin; stdout is for its result, unless an object was asked for. */
  async tellFiltered(name: string, outcome: Rewrapped): Promise<void> {
    const { terminal } = this.context;
    if (terminal.verbosity.json) await terminal.json({ Input: name, ...outcome });
    else await terminal.detail(`${outcome.Status}: ${name}`);
  }

  /** Tells that one of several files failed. */
  async tellFailure(name: string, error: KmsAsymError): Promise<void> {
    this.#add('failed');
    const { terminal } = this.context;
    if (terminal.verbosity.json) {
      await terminal.json({ Input: name, Status: 'failed', Error: errorObject(error) });
      return;
    }
    await terminal.error(namedError(name, error));
  }

  /** Leaves the exit status. */
  leaveStatus(): void {
    if (this.#count('failed') > 0) this.context.exitStatus = SOME_FAILED_STATUS;
    else if (this.#count('stale') > 0) this.context.exitStatus = STALE;
  }

  /** Tells the numbers of several files, or that there were none. */
  async sumUp(): Promise<void> {
    const counts = [...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1));
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const parts = counts.map(([status, count]) => `${count} ${status}`);
    const text = `${total} ${total === 1 ? 'file' : 'files'}${total === 0 ? '' : `: ${parts.join(', ')}`}`;
    const named = counts.map(([status, count]) => [
      `${status.charAt(0).toUpperCase()}${status.slice(1)}`,
      count,
    ]);
    await this.context.terminal.summary(text, {
      Files: total,
      ...(Object.fromEntries(named) as Record<string, number>),
    });
  }

  /** The path alone on stdout, for the next program; the reason is for people. */
  async #tellStale(name: string, { Reason }: Checked): Promise<void> {
    await this.context.terminal.data(`${printable(name)}\n`);
    await this.context.terminal.note(`"${name}" is ${Reason ?? ''}`);
  }

  #count(status: string): number {
    return this.#counts.get(status) ?? 0;
  }

  #add(status: string): void {
    this.#counts.set(status, this.#count(status) + 1);
  }
}
