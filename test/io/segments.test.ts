/** A regular file, cut into segments where it lies. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WRITTEN } from '../../src/io/descriptor.js';
import { openInput, type Input, type InputFile } from '../../src/io/input.js';
import { eachSegment } from '../../src/io/segments.js';
import { memoryStdio } from '../cli/memory-stdio.js';
import { workspace } from './workspace.js';

/** Opens it; it must be a regular file. */
function opened(path: string): { input: Input; file: InputFile } {
  const input = openInput(path, memoryStdio().stdin);
  if (!input.file) throw new Error('no file');
  return { input, file: input.file };
}

describe('a file', () => {
  it('is cut from any position into segments of any size, only the last of which is shorter', async () => {
    const at = workspace();
    // Every look at the clock is 11 ms after the one before, so turns of 20 ms end at any of them.
    let now = 0n;
    const clock = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => (now += 11_000_000n));
    onTestFinished(() => {
      clock.mockRestore();
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.nat(100),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (content, position, size, waits) => {
          writeFileSync(at('file'), content);
          const { input, file } = opened(at('file'));
          const cut: { bytes: Buffer; last: boolean }[] = [];
          await eachSegment(file, position, size, (segment, last) => {
            const keep = (): void => void cut.push({ bytes: Buffer.from(segment), last });
            if (waits) return Promise.resolve().then(keep);
            keep();
            return WRITTEN;
          });
          input.close();
          expect(Buffer.concat(cut.map(({ bytes }) => bytes))).toEqual(
            Buffer.from(content.subarray(position)),
          );
          expect(cut.map(({ last }) => last)).toEqual(cut.map((_segment, index) => index === cut.length - 1));
          expect(cut.slice(0, -1).every(({ bytes }) => bytes.length === size)).toBe(true);
          if (cut.length > 1) expect(cut.at(-1)?.bytes.length).toBeGreaterThan(0);
        },
      ),
    );
  });

  it.each([
    ['grows', (path: string) => appendFileSync(path, randomBytes(70))],
    ['loses its end', (path: string) => truncateSync(path, 60)],
  ])('that %s meanwhile is read to its end, or refused', async (what, change) => {
    const at = workspace();
    writeFileSync(at('file'), randomBytes(100));
    const { input, file } = opened(at('file'));
    const sizes: number[] = [];
    const done = eachSegment(file, 0, 30, (segment) => {
      if (sizes.push(segment.length) === 1) change(at('file'));
      return WRITTEN;
    });
    if (what === 'grows') {
      await done;
      expect(sizes).toEqual([30, 30, 30, 30, 30, 20]);
    } else {
      const message = `"${at('file')}" became shorter while it was read`;
      await expect(done).rejects.toMatchObject({ code: 'read-failed', message });
      expect(sizes).toEqual([30]);
    }
    input.close();
  });

  it('ends with what its taker throws or rejects with', async () => {
    const at = workspace();
    writeFileSync(at('file'), randomBytes(100));
    const { input, file } = opened(at('file'));
    const refuse = (): Promise<void> => Promise.reject(new RangeError('no'));
    await expect(eachSegment(file, 0, 30, refuse)).rejects.toThrow('no');
    input.close();
    await expect(eachSegment({ ...file, fd: 999_999 }, 0, 30, refuse)).rejects.toMatchObject({
      code: 'read-failed',
    });
  });
});
