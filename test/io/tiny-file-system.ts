/** A file system of its own for a test, so small that it can be full. Needs root, as in CI and in any container. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What it can run out of: room for content, or for one more file. */
export type Resource = 'bytes' | 'files';

export interface TinyFileSystem {
  readonly at: (name: string) => string;
  /** Uses up what is left, but for so many bytes. */
  readonly exhaust: (resource: Resource, leftBytes?: number) => void;
  /** Gives it back. */
  readonly relieve: () => void;
}

/** Mounted until the test ends. Fails where it cannot be: a test that ran without it would show nothing. */
export function tinyFileSystem(): TinyFileSystem {
  const mount = mkdtempSync(join(tmpdir(), 'kms-asym-tiny-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=64', 'tmpfs', mount]);
  onTestFinished(() => {
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  });
  const filler = join(mount, 'filler');
  return {
    at: (name) => join(mount, name),
    exhaust: (resource, leftBytes = 0) => {
      mkdirSync(filler);
      const bytes = join(filler, 'bytes');
      const use = {
        bytes: () => appendFileSync(bytes, Buffer.alloc(4096)),
        files: (count: number) => appendFileSync(join(filler, String(count)), ''),
      }[resource];
      untilFull(use);
      if (leftBytes > 0) truncateSync(bytes, statSync(bytes).size - leftBytes);
    },
    relieve: () => {
      rmSync(filler, { recursive: true, force: true });
    },
  };
}

function untilFull(use: (count: number) => void): void {
  for (let count = 0; ; count += 1) {
    try {
      use(count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}
