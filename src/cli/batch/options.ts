/** The flags of `encrypt` and `decrypt` for many files at once. */
import { InvalidArgumentError, Option } from 'commander';
import { KmsAsymError } from '../../errors.js';
import { text } from '../options.js';

/** As they were given. */
export interface BatchOptions {
  readonly outputDir?: string;
  readonly suffix?: string;
  readonly filesFrom?: string;
  readonly null?: boolean;
  readonly skipExisting?: boolean;
  readonly continue?: boolean;
  /** 0 is no limit. */
  readonly qps?: number;
  readonly jobs?: number;
}

/** A batch was asked for. */
export type AskedBatch = BatchOptions & { readonly outputDir: string };

/** Calls per second unless `--qps` says otherwise: the service allows 200 of them to all programs of an account. */
export const DEFAULT_QPS = 150;
/** Files under way at the same time unless `--jobs` says otherwise. */
export const DEFAULT_JOBS = 16;

const HEADING = 'Many files:';
const MAX_QPS = 100_000;
const MAX_JOBS = 1000;

/**
 * The options, under a heading of their own.
 *
 * @param suffix - what the command does with it
 */
export function batchOptions(suffix: string): Option[] {
  const options = [
    new Option('--output-dir <dir>', 'write a result for each input below this directory').argParser(text),
    new Option('--suffix <suffix>', suffix).argParser(parseSuffix),
    new Option(
      '--files-from <file>',
      'more inputs: one name on each line of this file, or of stdin (-)',
    ).argParser(text),
    new Option('-0, --null', 'names in that file end with NUL, as find -print0 writes them'),
    new Option(
      '--skip-existing',
      'leave out files whose result is there: finishes what an earlier run began',
    ),
    new Option('--continue', 'go on when a file fails; else no other is begun then'),
  ];
  return [...options.map((option) => option.helpGroup(HEADING)), ...rateOptions()];
}

/** The options of them that say how fast. */
export function rateOptions(): Option[] {
  const options = [
    new Option('--qps <n>', `calls to KMS per second, 0 for no limit (default: ${DEFAULT_QPS})`).argParser(
      parseQps,
    ),
    new Option('--jobs <n>', `files under way at once (default: ${DEFAULT_JOBS})`).argParser(parseJobs),
  ];
  return options.map((option) => option.helpGroup(HEADING));
}

/**
 * True when many files are asked for, even if there is only one.
 *
 * @throws KmsAsymError `usage` for flags that do not go together
 */
export function isBatch(
  inputs: readonly string[],
  options: BatchOptions & { readonly output?: string },
): options is AskedBatch & { readonly output?: string } {
  const { outputDir, output, filesFrom } = options;
  if (outputDir === undefined) {
    refuseWithout(inputs, options);
    return false;
  }
  if (output !== undefined) throw new KmsAsymError('usage', '-o and --output-dir exclude each other');
  if (options.null === true && filesFrom === undefined) {
    throw new KmsAsymError('usage', '-0 is about the names of --files-from', {
      hints: ['--files-from - -0'],
    });
  }
  if (inputs.includes('-')) {
    throw new KmsAsymError('usage', 'stdin has no name, so its result would have none in --output-dir', {
      hints: ['./- for a file of that name', '--files-from - for a list of names'],
    });
  }
  if (inputs.length === 0 && filesFrom === undefined) {
    throw new KmsAsymError('usage', 'no input is named', {
      hints: ['name files or directories', '--files-from FILE'],
    });
  }
  return true;
}

const BATCH_ONLY = {
  suffix: '--suffix',
  filesFrom: '--files-from',
  null: '-0',
  skipExisting: '--skip-existing',
  continue: '--continue',
  qps: '--qps',
  jobs: '--jobs',
} as const satisfies Partial<Record<keyof BatchOptions, string>>;

function refuseWithout(inputs: readonly string[], options: BatchOptions): void {
  if (inputs.length > 1) {
    throw new KmsAsymError('usage', `${inputs.length} inputs need a directory for their results`, {
      hints: ['--output-dir DIR'],
    });
  }
  const names = Object.keys(BATCH_ONLY) as (keyof typeof BATCH_ONLY)[];
  const name = names.find((each) => options[each] !== undefined);
  if (name === undefined) return;
  throw new KmsAsymError(
    'usage',
    `${BATCH_ONLY[name]} is for many files, so it needs a directory for results`,
    {
      hints: ['--output-dir DIR'],
    },
  );
}

function parseSuffix(value: string): string {
  if (/[/\\\0]/.test(value) || value.length > 32) {
    throw new InvalidArgumentError('Expected at most 32 characters, none of them a slash.');
  }
  return value;
}

function parseQps(value: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(value) || Number(value) > MAX_QPS) {
    throw new InvalidArgumentError(`Expected a number from 0 to ${MAX_QPS}.`);
  }
  return Number(value);
}

function parseJobs(value: string): number {
  if (!/^\d{1,4}$/.test(value) || Number(value) < 1 || Number(value) > MAX_JOBS) {
    throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_JOBS}.`);
  }
  return Number(value);
}
