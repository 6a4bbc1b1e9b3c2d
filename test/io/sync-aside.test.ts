import fs from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type * as SyncAside from '../../src/io/sync-aside.js';
import { workspace } from './workspace.js';

let fd = -1;
let syncs: typeof SyncAside;
const calls: string[] = [];

beforeEach(async () => {
  // What it has learnt about the disk must not come from another test.
  vi.resetModules();
  syncs = await import('../../src/io/sync-aside.js');
  fd = fs.openSync(workspace()('file'), 'w');
  calls.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.closeSync(fd);
});

/** Makes the disk take its time, and notes how it is asked. */
function diskOf(ms: number): void {
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    calls.push('waited for');
    for (const until = performance.now() + ms; performance.now() < until;);
  });
  vi.spyOn(fs, 'fsync').mockImplementation((_fd, done) => {
    calls.push('aside');
    done(null);
  });
}

it('a disk that is slow is not waited for any longer', async () => {
  diskOf(1);
  for (let count = 0; count < 6; count += 1) await syncs.syncAside(fd);
  expect(calls).toEqual(['waited for', 'waited for', 'waited for', 'waited for', 'aside', 'aside']);
});

it('a memory is asked at once, whatever happens now and then', async () => {
  diskOf(0);
  for (let count = 0; count < 10; count += 1) await syncs.syncAside(fd);
  expect(new Set(calls)).toEqual(new Set(['waited for']));
});

it('what the disk says is passed on', async () => {
  diskOf(1);
  for (let count = 0; count < 4; count += 1) await syncs.syncAside(fd);
  vi.mocked(fs.fsync).mockImplementation((_fd, done) => {
    done(Object.assign(new Error('no'), { code: 'EIO' }));
  });
  await expect(syncs.syncAside(fd)).rejects.toMatchObject({ code: 'EIO' });
});

it('the names in a directory are best effort: one that is gone is nobody’s error', async () => {
  await expect(syncs.syncDirectoryAside(workspace()('missing'))).resolves.toBeUndefined();
});

it('one sync serves all who asked before it began', async () => {
  diskOf(0);
  const directory = workspace()('.');
  await Promise.all([1, 2, 3, 4].map(() => syncs.syncDirectoryAside(directory)));
  expect(calls).toHaveLength(2);
  await syncs.syncDirectoryAside(directory);
  expect(calls).toHaveLength(3);
});
