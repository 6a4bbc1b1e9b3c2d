import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildDriver, type Driver } from './child.js';
import { surviveKills } from './killing.js';

let driver: Driver;
beforeAll(async () => {
  driver = await buildDriver();
});
afterAll(() => driver.remove());

it('keeps every acknowledged key and alias over five kills, in software', async () => {
  const { keys, aliases } = await surviveKills(driver, 5, 1500, { hsm: 'software' });
  expect(keys).toBeGreaterThan(5);
  expect(aliases).toBeGreaterThan(5);
}, 60_000);
