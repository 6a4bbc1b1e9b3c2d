/** A device, FIFO or socket as output: bytes go straight in, nothing can be undone. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { writeError } from './file-error.js';
import type { Output } from './output.js';
import { BrokenPipe } from './stdio.js';

/** Writes `path` in place; opening a FIFO waits for its reader. */
export function directFile(path: string): Output {
  let fd: number | undefined;
  const attempt = (action: () => void): Promise<void> => {
    try {
      action();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(errnoOf(error) === 'EPIPE' ? new BrokenPipe() : writeError(error, path));
    }
  };
  const open = (): number => (fd ??= openSync(path, 'w'));
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    check: () => undefined,
    write: (bytes) => attempt(() => writeFully(open(), bytes)),
    commit: () =>
      attempt(() => {
        open();
        close();
      }),
    abort: close,
  };
}

/** All bytes, however few the system takes at a time. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(fd, bytes, offset);
}
