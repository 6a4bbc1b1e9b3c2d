/** 100,000 mixed calls with faults, killed and started again ten times on the way; and what the memory does meanwhile. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDriver, type ChildEmulator, type Driver } from './state/child.js';
import { surviveKills } from './state/killing.js';
import { freshPath } from './state/directory.js';
import { Traffic } from './state/traffic.js';

const CALLS = 100_000;
const KILLS = 10;
const FAULTS = { throttle: 0.02, error500: 0.02, error503: 0.02, drop: 0.02 };

let driver: Driver;
beforeAll(async () => {
  driver = await buildDriver();
});
afterAll(() => driver.remove());

describe.each(['software', 'softhsm'])('an emulator with %s', (hsm) => {
  it('keeps every acknowledged key and alias over ten kills', { timeout: 1_200_000 }, async () => {
    const outcome = await surviveKills(driver, KILLS, CALLS, { hsm, faults: FAULTS });
    expect(outcome.calls).toBeGreaterThanOrEqual(CALLS);
    expect(outcome.keys).toBeGreaterThan(50);
    expect(outcome.aliases).toBeGreaterThan(50);
    process.stdout.write(
      `${hsm}: ${outcome.calls} calls, ${outcome.keys} keys, ${outcome.aliases} aliases\n`,
    );
  });

  it('grows by a tenth at most between call 10,000 and call 100,000', { timeout: 1_200_000 }, async () => {
    const child = await driver.start({ hsm, faults: FAULTS, stateDir: freshPath() });
    const traffic = new Traffic(child);
    await traffic.run(CALLS / 10, 8);
    const before = residentKiB(child);
    await traffic.run(CALLS - traffic.calls, 8);
    const after = residentKiB(child);
    process.stdout.write(`${hsm}: ${before} KiB resident, then ${after} KiB\n`);
    expect(traffic.problems).toEqual([]);
    traffic.close();
    await child.kill();
    expect(after / before).toBeLessThan(1.1);
  });
});

function residentKiB({ pid }: ChildEmulator): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
