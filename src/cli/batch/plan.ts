/**
 * What a batch is going to do, known before it does anything: which files, and what their results are called. Results
 * never meet each other, nor an input.
 *
 * A file that is named keeps the path that it is named by; the files of a directory keep theirs below that directory.
 */
import fs from 'node:fs';
import path from 'node:path';
import { KmsAsymError } from '../../errors.js';
import { foldName, foldsNames } from '../../io/name-folding.js';
import type { OutputDirectory } from '../../io/output-directory.js';
import { walk, type Found } from '../../io/walk.js';
import { pathBelow, type Rename } from './result-path.js';

/** One file of a batch. */
export interface PlannedFile {
  /** As given, or below a directory that was given. */
  readonly path: string;
  /** False for what a directory holds: then it is no link. */
  readonly isNamed: boolean;
  /** Path of the result below the output directory, or why there cannot be one. */
  readonly result: string | KmsAsymError;
}

const MAX_NAMED = 5;

/**
 * Finds the files, each once.
 *
 * @param names - of files and directories; nothing in `directory` is found in a directory above it
 * @throws KmsAsymError `usage` when two files would have the same result, or one would be the result of another
 */
export function planFiles(
  names: readonly string[],
  directory: OutputDirectory,
  rename: Rename,
): readonly PlannedFile[] {
  const files = [...findFiles(names, directory.path, rename)];
  const isFolding = hasAlike(files) && foldsNames(directory.path);
  const keyOf = (result: string): string => (isFolding ? foldName(result) : result);
  const results = new Map<string, PlannedFile>();
  const clashes: Clash[] = [];
  const kept = files.filter((file) => {
    if (typeof file.result !== 'string') return true;
    const key = keyOf(file.result);
    const first = results.get(key);
    if (!first) results.set(key, file);
    else if (path.resolve(first.path) === path.resolve(file.path)) return false;
    else clashes.push([first, file]);
    return true;
  });
  if (clashes.length > 0) throw sameResult(clashes, directory.path);
  refuseInputsAmong(results, kept, directory, keyOf);
  return kept;
}

/**
 * Refuses results that are in the way: better known before the first file than after the hundredth.
 *
 * @throws KmsAsymError `file-exists`
 */
export function refuseExisting(files: readonly PlannedFile[], directory: OutputDirectory): void {
  if (!isThere(directory.path)) return;
  const names = files.map(({ result }) => result).filter((result) => typeof result === 'string');
  const [first, ...others] = names.map((name) => path.join(directory.path, name)).filter(isThere);
  if (first === undefined) return;
  const [second] = others;
  const more =
    second === undefined
      ? ''
      : others.length === 1
        ? `, and so does "${second}"`
        : `, and so do ${others.length} other results`;
  throw new KmsAsymError('file-exists', `nothing was done: "${first}" already exists${more}`, {
    hints: ['--skip-existing finishes what an earlier run began', '--force replaces what is there'],
  });
}

function isThere(name: string): boolean {
  try {
    return fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Out of reach, or no possible name: writing it says so.
    return false;
  }
}

type Clash = readonly [first: PlannedFile, second: PlannedFile];

function* findFiles(names: readonly string[], directory: string, rename: Rename): Generator<PlannedFile> {
  const output = identityOf(directory);
  for (const name of names) {
    const isOutput = (found: string): boolean => {
      if (output === undefined || identityOf(found) !== output) return false;
      if (found === name) throw isOutputToo(name);
      return true;
    };
    for (const found of walk([name], isOutput)) {
      const { path: file, isNamed, error } = found;
      if (error) yield { path: file, isNamed, result: error };
      else yield place(found, isNamed ? pathBelow(file) : path.relative(name, file), rename);
    }
  }
}

function isOutputToo(name: string): KmsAsymError {
  return new KmsAsymError('usage', `"${name}" is the output directory too`, {
    hints: ['name another --output-dir, or the files themselves'],
  });
}

function place({ path: file, isNamed }: Found, below: string, rename: Rename): PlannedFile {
  try {
    if (below === '') throw new KmsAsymError('usage', `"${file}" has no name for its result`);
    return { path: file, isNamed, result: rename(below, file) };
  } catch (error) {
    if (!(error instanceof KmsAsymError)) throw error;
    return { path: file, isNamed, result: error };
  }
}

/** Of a directory; links are followed. */
function identityOf(directory: string): string | undefined {
  try {
    const { dev, ino } = fs.statSync(directory, { bigint: true });
    return ino === 0n ? undefined : `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Whether two results differ in nothing but what some file systems do not tell apart. */
function hasAlike(files: readonly PlannedFile[]): boolean {
  const results = new Set(files.map(({ result }) => result).filter((result) => typeof result === 'string'));
  return new Set([...results].map(foldName)).size < results.size;
}

function refuseInputsAmong(
  results: ReadonlyMap<string, PlannedFile>,
  files: readonly PlannedFile[],
  directory: OutputDirectory,
  keyOf: (result: string) => string,
): void {
  // Nothing is in a directory that does not exist.
  if (!directory.exists()) return;
  const root = realPath(directory.path);
  const realDirectories = new Map<string, string>();
  for (const file of files) {
    const above = path.dirname(file.path);
    const real = realDirectories.get(above) ?? realPath(above);
    realDirectories.set(above, real);
    const below = path.relative(root, path.join(real, path.basename(file.path)));
    const other = results.get(keyOf(below));
    if (!other) continue;
    throw inputAmongResults(file, other);
  }
}

function inputAmongResults(file: PlannedFile, other: PlannedFile): KmsAsymError {
  if (other === file) {
    return new KmsAsymError('usage', `"${file.path}" is an input, and would be its own result`, {
      hints: ['name another --output-dir'],
    });
  }
  return new KmsAsymError('usage', `"${file.path}" is an input, and the result of "${other.path}" too`, {
    hints: ['name another --output-dir, or leave one of them out'],
  });
}

function realPath(directory: string): string {
  try {
    return fs.realpathSync(directory);
  } catch {
    return path.resolve(directory);
  }
}

function sameResult(clashes: readonly Clash[], directory: string): KmsAsymError {
  const [first, ...others] = clashes.map(([one, other]) => {
    return `"${one.path}" and "${other.path}" would both be "${path.join(directory, String(other.result))}"`;
  });
  return new KmsAsymError('usage', `nothing was done: ${first ?? ''}`, {
    hints: [
      ...others.slice(0, MAX_NAMED),
      ...(others.length > MAX_NAMED ? [`and ${others.length - MAX_NAMED} more`] : []),
      'name files by their paths from here, or run once for each directory',
    ],
  });
}
