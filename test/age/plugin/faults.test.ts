/** The suite can fail: a plugin with a single fault does not pass it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CASES } from './cases.js';
import { FAULTS } from './faults.js';
import { inProcess, type Start } from './process.js';
import { createWorld, type World } from './world.js';

/** As long as a faulty plugin may be silent; the good one takes some milliseconds. */
const PATIENCE_MS = 1000;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Runs a case of the suite; rejects when the plugin does not keep its promise, or keeps it too late. */
function run(title: string, start: Start, patienceMs: number): Promise<void> {
  const shown = CASES.find((each) => each.title === title);
  if (!shown) throw new Error(`there is no case "${title}"`);
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(reject, patienceMs, new Error('hangs'));
  });
  return Promise.race([shown.run({ world, start }), hangs]).finally(() => clearTimeout(timer));
}

it('a plugin without a fault passes', async () => {
  for (const title of new Set(FAULTS.map(({ shownBy }) => shownBy))) {
    await run(title, inProcess(world.env), 10 * PATIENCE_MS);
  }
});

it.each(FAULTS)('a plugin that $title fails the suite', async ({ shownBy, spoil }) => {
  await expect(run(shownBy, spoil(inProcess(world.env)), PATIENCE_MS)).rejects.toThrow();
});
