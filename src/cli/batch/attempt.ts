/** One file of a batch from its name to its result. */
import { KmsAsymError } from '../../errors.js';
import { openRegularInput } from '../../io/input.js';
import type { OutputDirectory } from '../../io/output-directory.js';
import { ResultFile } from '../../io/result-file.js';
import type { PlannedFile } from './plan.js';
import type { Outcome } from './report.js';
import type { CarryOut } from './run.js';

/** What all attempts share. */
export interface AttemptParts {
  readonly directory: OutputDirectory;
  readonly carryOut: CarryOut;
  /** Results are plaintext. */
  readonly secret: boolean;
  /** Names of other files that are read. */
  readonly alsoRead: readonly string[];
  /** Replace results that are there. */
  readonly force?: boolean;
  /** Leave out files whose results are there. */
  readonly skipExisting?: boolean;
}

const SKIPPED: Outcome = { status: 'skipped', reason: 'its result is there' };

/** Tries files; any number at a time. */
export class FileAttempts {
  constructor(private readonly parts: AttemptParts) {}

  /** Carries out one file; `onWritten` is told when it waits for nothing but the disk. Rejects only with what is no {@link KmsAsymError}. */
  async attempt(file: PlannedFile, onWritten: () => void): Promise<Outcome> {
    try {
      return await this.#attempt(file, onWritten);
    } catch (error) {
      if (!(error instanceof KmsAsymError)) throw error;
      return { status: 'failed', error };
    }
  }

  async #attempt({ path, isNamed, result }: PlannedFile, onWritten: () => void): Promise<Outcome> {
    if (result instanceof KmsAsymError) throw result;
    const { force = false, skipExisting = false, carryOut, ...parts } = this.parts;
    const output = new ResultFile({ ...parts, below: result, force, onWritten });
    if (skipExisting && output.exists()) {
      output.tidy();
      return SKIPPED;
    }
    const input = openRegularInput(path, isNamed);
    try {
      output.check(input.identity);
      return { status: 'done', result: await carryOut(input, output) };
    } finally {
      output.abort();
      input.close();
    }
  }
}
