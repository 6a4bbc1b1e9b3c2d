/**
 * What the result of a file is called: a path below the output directory. It never leads out of there, whatever the file
 * is called.
 */
import path from 'node:path';
import { KmsAsymError } from '../../errors.js';

/**
 * Turns the path of a file below its directory into that of its result.
 *
 * @param name - what to call the file in messages
 */
export type Rename = (below: string, name: string) => string;

/** The path that a file is named by, as one below some directory: without a leading root, drive, `.` or `..`. */
export function pathBelow(name: string): string {
  const { root } = path.parse(name);
  const parts = path.normalize(name.slice(root.length)).split(path.sep);
  const start = parts.findIndex((part) => part !== '..' && part !== '.' && part !== '');
  return start < 0 ? '' : path.join(...parts.slice(start));
}

/** Encrypting appends a suffix. */
export function appending(suffix: string): Rename {
  return (below) => below + suffix;
}

/**
 * Decrypting takes a suffix away, the first of `suffixes` that is there; an empty one always is.
 *
 * The result throws `usage` for a path without any, or of which nothing would be left.
 */
export function removing(suffixes: readonly string[]): Rename {
  return (below, name) => {
    const suffix = suffixes.find((each) => below.endsWith(each));
    if (suffix === undefined) {
      throw new KmsAsymError('usage', `"${name}" does not end in ${suffixes.map(quoted).join(' or ')}`, {
        hints: ['--suffix SUFFIX for another ending', "--suffix '' to keep names as they are"],
      });
    }
    const result = below.slice(0, below.length - suffix.length);
    if (/(^|[/\\])\.{0,2}$/.test(result)) {
      throw new KmsAsymError('usage', `of "${name}" no name is left without ${quoted(suffix)}`);
    }
    return result;
  };
}

function quoted(text: string): string {
  return `"${text}"`;
}
