import { randomBytes } from 'node:crypto';
import fs, { readFileSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { BATCH_CHUNKS } from '../../../src/age/batch.js';
import { CHUNK_BYTES, requireChunk, SEALED_CHUNK_BYTES } from '../../../src/age/chunk.js';
import { countDone, createJob, type BulkJob } from '../../../src/cli/bulk/job.js';
import { doShare } from '../../../src/cli/bulk/share.js';
import { workspace } from '../../io/workspace.js';

const KEY = Buffer.alloc(32, 7);

function jobOf(work: BulkJob['work'], input: string, output: string, batches: number): BulkJob {
  const descriptors = [fs.openSync(input, 'r'), fs.openSync(output, 'w')] as const;
  onTestFinished(() => {
    for (const fd of descriptors) fs.closeSync(fd);
  });
  const [from, to] = descriptors.map((fd) => ({ fd, position: 3, subject: '"file"' }));
  if (!from || !to) throw new Error('no files');
  return createJob({ work, key: KEY, input: from, output: to, batches });
}

it('a thread alone does a whole job, at its place in the files', () => {
  const at = workspace();
  const plain = randomBytes(3 + 2 * BATCH_CHUNKS * CHUNK_BYTES + 5);
  writeFileSync(at('plain'), plain);
  const job = jobOf('seal', at('plain'), at('sealed'), 2);
  expect(doShare(job)).toBeUndefined();
  expect(countDone(job)).toBe(2);
  const sealed = readFileSync(at('sealed'));
  expect(sealed.length).toBe(3 + 2 * BATCH_CHUNKS * SEALED_CHUNK_BYTES);
  const last = 2 * BATCH_CHUNKS - 1;
  const chunk = requireChunk(KEY, last, false, sealed.subarray(3 + last * SEALED_CHUNK_BYTES));
  expect(plain.subarray(3 + last * CHUNK_BYTES, -5).equals(chunk)).toBe(true);
  const back = jobOf('open', at('sealed'), at('opened'), 2);
  expect(doShare(back)).toBeUndefined();
  expect(readFileSync(at('opened')).subarray(3).equals(plain.subarray(3, -5))).toBe(true);
});

it('a file that cannot be read stops everybody', () => {
  const at = workspace();
  writeFileSync(at('plain'), '');
  const job = jobOf('seal', at('plain'), at('out'), 9);
  const failure = doShare({ ...job, input: { ...job.input, fd: 999_999 } });
  expect(failure).toEqual({
    batch: 0,
    code: 'read-failed',
    message: 'cannot read "file": it is not open',
    hints: [],
  });
  expect(doShare(job)).toBeUndefined();
  expect(countDone(job)).toBe(0);
});
