import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { together } from '../../../src/cli/batch/together.js';

/** Counts how many are at work, and how many have begun. */
function counter() {
  const counts = { working: 0, most: 0, begun: 0 };
  const work = async (turns: number, free?: () => void): Promise<void> => {
    counts.begun += 1;
    counts.most = Math.max(counts.most, (counts.working += 1));
    await setImmediate();
    counts.working -= 1;
    free?.();
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
  };
  return { counts, work };
}

const items = Array.from({ length: 50 }, (_, index) => index);

it('works on all items, so many at once', async () => {
  const { counts, work } = counter();
  await together(7, items, () => work(0));
  expect(counts).toEqual({ working: 0, most: 7, begun: 50 });
});

it('begins others in place of those that only have to end', async () => {
  const { counts, work } = counter();
  let ended = 0;
  await together(4, items, async (_item, free) => {
    await work(5, free);
    ended += 1;
  });
  expect(counts.begun).toBe(50);
  expect(counts.most).toBe(4);
  expect(ended).toBe(50);
});

it('lets no more wait for their end than four times as many', async () => {
  let underWay = 0;
  let most = 0;
  await together(2, items, async (_item, free) => {
    most = Math.max(most, (underWay += 1));
    free();
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    underWay -= 1;
  });
  expect(most).toBeGreaterThan(4);
  expect(most).toBeLessThanOrEqual(2 * 4 + 2);
});

it('ends what is under way before it says that the items gave out', async () => {
  function* broken(): Generator<number> {
    yield* items.slice(0, 10);
    throw new Error('no more of them');
  }
  const { counts, work } = counter();
  await expect(together(3, broken(), () => work(5))).rejects.toThrow('no more of them');
  expect(counts).toMatchObject({ begun: 10, working: 0 });
});

it('does one after the other when it is to do one at a time', async () => {
  const ended: number[] = [];
  await together(1, [3, 2, 1], async (item, free) => {
    free();
    for (let turn = 0; turn < item; turn += 1) await setImmediate();
    ended.push(item);
  });
  expect(ended).toEqual([3, 2, 1]);
});

it('rejects with the first rejection, when all that was begun has ended, and begins no more', async () => {
  let ended = 0;
  let begun = 0;
  const run = together(3, items, async (item, free) => {
    begun += 1;
    free();
    await setImmediate();
    if (item === 4) throw new Error('four');
    await setImmediate();
    ended += 1;
  });
  await expect(run).rejects.toThrow('four');
  expect(begun).toBeLessThan(50);
  expect(ended).toBe(begun - 1);
});
