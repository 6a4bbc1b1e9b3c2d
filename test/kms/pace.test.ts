import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedPace, type PaceOptions } from '../../src/kms/pace.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'hrtime'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Calls that are always waiting for their turn: when each one got it, in milliseconds. */
function crowd(options: PaceOptions, calls: number): { pace: SharedPace; turnsMs: number[] } {
  const pace = new SharedPace(options);
  const turnsMs: number[] = [];
  for (let call = 0; call < calls; call += 1) void pace.turn().then(() => turnsMs.push(performance.now()));
  return { pace, turnsMs };
}

/** The most turns in any `windowMs`. */
function busiest(turnsMs: readonly number[], windowMs: number): number {
  return Math.max(
    ...turnsMs.map((start) => turnsMs.filter((at) => at >= start && at < start + windowMs).length),
  );
}

describe('a budget of calls per second', () => {
  it.each([1, 20, 150, 1000])('of %d is used and kept', async (perSecond) => {
    const { turnsMs } = crowd({ perSecond }, 5 * perSecond);
    await vi.advanceTimersByTimeAsync(4000);
    expect(turnsMs.length).toBeGreaterThanOrEqual(4 * perSecond);
    expect(busiest(turnsMs, 1000)).toBeLessThanOrEqual(Math.ceil(perSecond * 1.06) + 1);
  });

  it('is not saved up while nobody calls', async () => {
    const pace = new SharedPace({ perSecond: 100 });
    await vi.advanceTimersByTimeAsync(60_000);
    let turns = 0;
    for (let call = 0; call < 100; call += 1) void pace.turn().then(() => (turns += 1));
    await vi.advanceTimersByTimeAsync(0);
    expect(turns).toBeLessThanOrEqual(6);
  });

  it('that is infinite holds nobody up', async () => {
    const { turnsMs } = crowd({ perSecond: Infinity }, 10_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(turnsMs.length).toBe(10_000);
  });

  it('is handed out in the order of asking, past those who gave up', async () => {
    const pace = new SharedPace({ perSecond: 1 });
    const order: string[] = [];
    const gaveUp = new AbortController();
    void pace.turn().then(() => order.push('first'));
    const second = pace.turn(gaveUp.signal).catch((error: unknown) => error);
    void pace.turn().then(() => order.push('third'));
    gaveUp.abort(new Error('enough'));
    expect(await second).toMatchObject({ code: 'network', message: 'the call was aborted' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(order).toEqual(['first', 'third']);
    await expect(pace.turn(gaveUp.signal)).rejects.toMatchObject({ code: 'network' });
  });

  it('holds nothing up when all have given up', async () => {
    const pace = new SharedPace({ perSecond: 1 });
    pace.throttled(30_000);
    const gaveUp = new AbortController();
    const waiting = pace.turn(gaveUp.signal).catch((error: unknown) => error);
    expect(vi.getTimerCount()).toBe(1);
    gaveUp.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('when the service throttles', () => {
  it('nobody calls before it may be called again, then all go on slower', async () => {
    const onThrottled = vi.fn();
    const { pace, turnsMs } = crowd({ perSecond: 100, onThrottled }, 1000);
    await vi.advanceTimersByTimeAsync(1000);
    const startMs = performance.now();
    const before = turnsMs.length;
    // Sixteen calls that were under way together are one event.
    for (let call = 0; call < 16; call += 1) pace.throttled(500);
    await vi.advanceTimersByTimeAsync(499);
    expect(turnsMs.length).toBe(before);
    await vi.advanceTimersByTimeAsync(1001);
    expect(turnsMs.length - before).toBeGreaterThanOrEqual(65);
    expect(turnsMs.length - before).toBeLessThanOrEqual(76);
    expect(onThrottled).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(7000);
    expect(
      busiest(
        turnsMs.filter((at) => at > startMs + 7000),
        1000,
      ),
    ).toBeGreaterThanOrEqual(90);
  });

  it('a rate without a limit gets one, from what was called before', async () => {
    const pace = new SharedPace({ perSecond: Infinity });
    for (let call = 0; call < 200; call += 1) await pace.turn();
    await vi.advanceTimersByTimeAsync(500);
    pace.throttled(100);
    const turnsMs: number[] = [];
    for (let call = 0; call < 1000; call += 1) void pace.turn().then(() => turnsMs.push(performance.now()));
    await vi.advanceTimersByTimeAsync(1100);
    expect(turnsMs.length).toBeGreaterThanOrEqual(130);
    expect(turnsMs.length).toBeLessThanOrEqual(150);
  });

  it('again and again, one call a second is left', async () => {
    const { pace, turnsMs } = crowd({ perSecond: 10 }, 100);
    for (let event = 0; event < 50; event += 1) {
      pace.throttled(1);
      await vi.advanceTimersByTimeAsync(2);
    }
    const before = turnsMs.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(turnsMs.length - before).toBeGreaterThanOrEqual(4);
    expect(turnsMs.length - before).toBeLessThanOrEqual(14);
  });
});
