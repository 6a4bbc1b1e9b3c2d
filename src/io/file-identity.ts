/** Which file it is, whatever name or link leads to it. Only regular files can be mistaken for one another. */
import fs, { type BigIntStats } from 'node:fs';

/** Device and inode; 64 bits each, which `number` cannot hold. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The identity of a regular file; `undefined` for anything else, and on file systems without inode numbers. */
export function identityOf(stats: BigIntStats): FileIdentity | undefined {
  return stats.isFile() && stats.ino !== 0n ? { dev: stats.dev, ino: stats.ino } : undefined;
}

/** As {@link identityOf}, of what a name leads to; `undefined` also where that is nothing, or out of reach. */
export function identityAt(name: string): FileIdentity | undefined {
  try {
    return identityOf(fs.statSync(name, { bigint: true }));
  } catch {
    // Not there, or a circle of links: no file to be the same as, and for others to complain about.
    return undefined;
  }
}

/** True when both are known and the same file. */
export function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}
