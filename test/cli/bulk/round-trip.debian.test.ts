/** See bulk.soak.ts for more of the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RoundTrips, WAYS } from './round-trip.js';

const LIMITS = { RSA_2048: 190, RSA_3072: 318, RSA_4096: 446 } as const;
const KEYS = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
const EVERY_WAY = Object.keys(WAYS) as (keyof typeof WAYS)[];

let trips: RoundTrips;
beforeAll(async () => {
  trips = await RoundTrips.start();
});
afterAll(() => trips.end());

it.each(KEYS)('small files of all kinds come back with %s', { timeout: 120_000 }, async (key) => {
  const limit = LIMITS[key];
  for (const bytes of [0, 1, limit, limit + 1, 65_535, 65_536, 65_537, 3 * 65_536]) {
    await trips.run('files', key, bytes);
  }
});

it.each(EVERY_WAY)('files of any size come back through %s', { timeout: 120_000 }, async (way) => {
  for (const bytes of [0, 190, 191, 65_537, 64 * 1024 * 1024]) await trips.run(way, 'RSA_2048', bytes);
  expect(trips.peakMegabytes).toBeLessThan(160);
});
