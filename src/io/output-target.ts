/**
 * What an output path leads to, and whether it may be written. All refusals happen here, before anything is created
 * and before any expensive step.
 *
 * With `--force` a symbolic link is followed, and what it leads to is replaced; the link stays a link.
 */
import fs from 'node:fs';
import path from 'node:path';
import { KmsAsymError, shellWord } from '../errors.js';
import { alreadyExists } from './atomic-file.js';
import { identityAt, isSameFile, type FileIdentity } from './file-identity.js';
import { writeFailed } from './system-error.js';
import { removeLeftovers } from './temporary-name.js';

/** Where the bytes go. */
export type OutputTarget =
  /** The stdout of this process. */
  | { readonly kind: 'stdout' }
  /** Something that is not replaced but written: a device, a FIFO, a descriptor of this process. */
  | { readonly kind: 'device' }
  /** A regular file, which may exist only with `force`; `mode` is what the existing one has. */
  | { readonly kind: 'file'; readonly path: string; readonly mode: number | undefined };

const MAX_LINKS = 40;
const STDOUT = /^(-|\/dev\/stdout|\/(dev|proc\/self)\/fd\/1)$/;
const DESCRIPTOR = /^\/(dev\/stderr|(dev|proc\/self)\/fd\/\d+)$/;

/** True when an output path means stdout: `-`, or one of the system's names for it. */
export function isStdout(outputPath: string): boolean {
  return STDOUT.test(outputPath);
}

/**
 * Looks at the path; touches nothing but what a killed run left of it.
 *
 * @param input - the file that is read, if it is a regular one
 * @param alsoRead - paths of other files that are read, such as a key
 * @throws KmsAsymError `file-exists`, `same-file`, `file-not-found` (of the directory), `write-failed`
 */
export function inspectTarget(
  outputPath: string,
  force: boolean,
  input: FileIdentity | undefined,
  alsoRead: readonly string[] = [],
): OutputTarget {
  if (isStdout(outputPath)) return { kind: 'stdout' };
  const subject = `"${outputPath}"`;
  try {
    refuseInput(outputPath, subject, input, alsoRead);
    // The system's own links to open descriptors: what somebody opened before is written, not replaced.
    if (DESCRIPTOR.test(outputPath)) {
      fs.statSync(outputPath);
      return { kind: 'device' };
    }
    const target = force ? followLinks(outputPath) : outputPath;
    const stats = fs.lstatSync(target, { throwIfNoEntry: false });
    if (!stats) return newFile(target, subject);
    return existing(stats, target, subject, force);
  } catch (error) {
    throw writeFailed(subject, error);
  }
}

function existing(stats: fs.Stats, target: string, subject: string, force: boolean): OutputTarget {
  if (stats.isDirectory()) throw new KmsAsymError('write-failed', `${subject} is a directory`);
  if (stats.isCharacterDevice() || stats.isFIFO()) return { kind: 'device' };
  if (stats.isSymbolicLink()) {
    throw new KmsAsymError('file-exists', `${subject} is a symbolic link`, {
      hints: ['--force replaces the file that it leads to'],
    });
  }
  if (!force) {
    // A run that was killed right after it gave the file its name left it a second one.
    removeLeftovers(target);
    throw alreadyExists(subject);
  }
  if (!stats.isFile()) return { kind: 'device' };
  requireDirectory(target, subject);
  return { kind: 'file', path: target, mode: stats.mode & 0o777 };
}

function newFile(target: string, subject: string): OutputTarget {
  if (target.endsWith('/') || target.endsWith(path.sep)) {
    throw new KmsAsymError('write-failed', `${subject} names a directory, not a file`);
  }
  requireDirectory(target, subject);
  return { kind: 'file', path: target, mode: undefined };
}

/** The directory must be there and take a new entry: finding that out after a call to the service would be late. */
function requireDirectory(target: string, subject: string): void {
  const directory = path.dirname(target);
  const stats = fs.statSync(directory, { throwIfNoEntry: false });
  if (!stats) {
    throw new KmsAsymError('file-not-found', `the directory of ${subject} does not exist`, {
      hints: [`mkdir -p ${shellWord(directory)}`],
    });
  }
  if (!stats.isDirectory()) throw new KmsAsymError('write-failed', `"${directory}" is not a directory`);
  fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
}

/**
 * Refuses an output that is read from as well, whatever names lead to it.
 *
 * @throws KmsAsymError `same-file`
 */
export function refuseInput(
  outputPath: string,
  subject: string,
  input: FileIdentity | undefined,
  alsoRead: readonly string[],
): void {
  const output = identityAt(outputPath);
  if (output === undefined) return;
  if (isSameFile(output, input)) throw sameFile(subject);
  if (alsoRead.some((other) => isSameFile(output, identityAt(other)))) {
    throw new KmsAsymError('same-file', `${subject} is read by this run too`, {
      hints: ['write to another file'],
    });
  }
}

/** The refusal of an output that is the input: `same-file`. */
export function sameFile(subject: string): KmsAsymError {
  return new KmsAsymError('same-file', `${subject} is the input too`, { hints: ['write to another file'] });
}

/** The path at the end of a chain of links; it need not exist. */
function followLinks(start: string): string {
  let target = start;
  for (let links = 0; fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink(); links += 1) {
    if (links === MAX_LINKS)
      throw new KmsAsymError('write-failed', `"${start}" is a circle of symbolic links`);
    target = path.resolve(path.dirname(target), fs.readlinkSync(target));
  }
  return target;
}
