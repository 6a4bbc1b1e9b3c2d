/** Emulators that are killed again and again while they are worked with. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { EmulatorOptions } from '../../../src/emulator/options.js';
import type { ChildEmulator, Driver } from './child.js';
import { Traffic } from './traffic.js';

export interface Outcome {
  readonly calls: number;
  readonly keys: number;
  readonly aliases: number;
  /** What the emulators have said. */
  readonly notices: string;
}

/**
 * Runs mixed calls and kills the emulator at a random moment of each of `kills` equal parts; at the end everything that
 * was acknowledged has to be there and work.
 */
export async function surviveKills(
  driver: Driver,
  kills: number,
  calls: number,
  options: EmulatorOptions,
): Promise<Outcome> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'kms-asym-killed-'));
  let notices = '';
  let child = await driver.start({ ...options, stateDir });
  const traffic = new Traffic(child);
  const part = Math.floor(calls / (kills + 1));
  for (let round = 0; round < kills; round += 1) {
    await traffic.run(part - randomInt(Math.ceil(part / 2)), 8);
    child = await killAmidCalls(child, traffic, () => driver.start({ ...options, stateDir }));
    notices += child.notices();
    await traffic.check();
    expect(traffic.problems).toEqual([]);
  }
  await traffic.run(calls - traffic.calls, 8);
  await traffic.check();
  expect(traffic.problems).toEqual([]);
  traffic.close();
  await child.kill();
  rmSync(stateDir, { recursive: true });
  const { keys, aliases } = traffic;
  return { calls: traffic.calls, keys: keys.length, aliases: aliases.size, notices };
}

/** Keys and aliases are being made while the process dies. */
async function killAmidCalls(
  child: ChildEmulator,
  traffic: Traffic,
  restart: () => Promise<ChildEmulator>,
): Promise<ChildEmulator> {
  let isDead = false;
  const busy = [
    traffic.run(100_000, 4, () => isDead),
    ...['HSM', 'SOFTWARE'].map((level) => traffic.createKey('EC_P256', level)),
    traffic.createKey('RSA_2048', 'HSM'),
  ];
  await delay(randomInt(150));
  const killed = child.kill();
  isDead = true;
  await Promise.all([killed, ...busy]);
  const next = await restart();
  traffic.target = next;
  return next;
}
