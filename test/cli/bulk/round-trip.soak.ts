/** Every size, way and key, up to files larger than 4 GiB. `KMS_SOAK_BYTES` is the size of the largest. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RoundTrips, WAYS } from './round-trip.js';

const LARGEST = Number(process.env['KMS_SOAK_BYTES'] ?? 5 * 1024 ** 3);
const SMALL = [0, 1, 190, 191, 318, 319, 446, 447, 65_535, 65_536, 65_537, 2 * 65_536, 16 * 65_536];
const LARGE = [64 * 1024 ** 2 + 1, 1024 ** 3, LARGEST];
const EVERY_WAY = Object.keys(WAYS) as (keyof typeof WAYS)[];

let trips: RoundTrips;
beforeAll(async () => {
  trips = await RoundTrips.start();
});
afterAll(() => trips.end());

const cases = EVERY_WAY.flatMap((way) => ['RSA_2048', 'RSA_3072', 'RSA_4096'].map((key) => ({ way, key })));

it.each(cases)('all sizes come back through $way with $key', { timeout: 1_800_000 }, async ({ way, key }) => {
  for (const bytes of SMALL) await trips.run(way, key, bytes);
  for (const bytes of LARGE) {
    // The key has no part in the payload: one of them goes all ways.
    if (key === 'RSA_2048' || way === 'files') await trips.run(way, key, bytes);
  }
  process.stderr.write(`${way} ${key}: at most ${trips.peakMegabytes.toFixed(0)} MB\n`);
  expect(trips.peakMegabytes).toBeLessThan(160);
});
