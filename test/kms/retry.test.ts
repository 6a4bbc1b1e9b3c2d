import fc from 'fast-check';
import * as net from 'node:net';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../src/kms/call-error.js';
import { SharedPace } from '../../src/kms/pace.js';
import { retryAfterMs } from '../../src/kms/retry-after.js';
import { withRetry } from '../../src/kms/retry.js';
import type { ClientHooks } from '../../src/kms/sdk-client.js';
import { clientOf, json, listen, refuse, serve } from './test-server.js';

interface Waits extends ClientHooks {
  readonly waits: number[];
}

/** Waits are noted instead of slept; the dice show one half. */
function noWaiting(): Waits {
  const waits: number[] = [];
  return {
    waits,
    random: () => 0.5,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

const INPUT = { keySpec: 'RSA_2048', keyUsage: 'U', protectionLevel: 'HSM', origin: 'O' };

describe('a call', () => {
  it.each([2 ** 31, 1e15, Infinity])('may take %d ms, longer than timers last', async (ms) => {
    const server = await serve((_request, response) => {
      setTimeout(() => {
        json(response, 200, { KeyMetadata: { KeyId: 'k' }, RequestId: 'r' });
      }, 50);
    });
    const deadlines = { connectTimeoutMs: ms, readTimeoutMs: ms, totalTimeoutMs: ms };
    const client = await clientOf(server.endpoint, deadlines);
    expect(await client.describeKey('k')).toMatchObject({ keyId: 'k' });
  });

  it.each([
    [429, 'Rejected.Throttling'],
    [400, 'Throttling.User'],
    [500, 'InternalFailure'],
    [503, 'ServiceUnavailableTemporary'],
  ])('answered %i %s is tried again as a new request and succeeds', async (status, code) => {
    const server = await serve((_request, response, count) => {
      if (count <= 2) refuse(response, status, code);
      else json(response, 200, { RequestId: 'r' });
    });
    const notices: object[] = [];
    const hooks = noWaiting();
    const options = { retryCount: 5, onRetry: (notice: object) => notices.push(notice) };
    const client = await clientOf(server.endpoint, options, hooks);
    await client.createAlias('k', 'alias/a');
    const heads = server.received.map(({ headers }) => headers);
    expect(new Set(heads.map((head) => head['x-acs-signature-nonce'])).size).toBe(3);
    expect(new Set(heads.map((head) => head.authorization)).size).toBe(3);
    expect(notices).toEqual([
      { action: 'CreateAlias', reason: code, attempt: 1, waitMs: 100 },
      { action: 'CreateAlias', reason: code, attempt: 2, waitMs: 200 },
    ]);
    expect(hooks.waits).toEqual([100, 200]);
  });

  it('answered with an HTML 502 is tried again', async () => {
    const server = await serve((_request, response, count) => {
      if (count === 1) response.writeHead(502).end('<html>');
      else json(response, 200, { RequestId: 'r' });
    });
    await (await clientOf(server.endpoint, { retryCount: 1 }, noWaiting())).createAlias('k', 'alias/a');
    expect(server.received).toHaveLength(2);
  });

  it('whose connection breaks is tried again', async () => {
    const server = await serve((_request, response, count) => {
      if (count === 1) response.destroy();
      else json(response, 200, { RequestId: 'r' });
    });
    await (await clientOf(server.endpoint, { retryCount: 1 }, noWaiting())).createAlias('k', 'alias/a');
    expect(server.received).toHaveLength(2);
  });

  it('is given up after the last attempt, with the number of attempts', async () => {
    const server = await serve((_request, response) => {
      refuse(response, 503, 'ServiceUnavailableTemporary');
    });
    const client = await clientOf(server.endpoint, { retryCount: 3 }, noWaiting());
    await expect(client.describeKey('k')).rejects.toMatchObject({
      code: 'unavailable',
      service: { code: 'ServiceUnavailableTemporary' },
      hints: ['gave up after 4 attempts; see --retry-count'],
    });
    expect(server.received).toHaveLength(4);
  });

  it('is made once when no retries are wanted', async () => {
    const server = await serve((_request, response) => {
      refuse(response, 503, 'ServiceUnavailableTemporary');
    });
    const client = await clientOf(server.endpoint, { retryCount: 0 }, noWaiting());
    await expect(client.describeKey('k')).rejects.toMatchObject({ code: 'unavailable', hints: [] });
    expect(server.received).toHaveLength(1);
  });

  it.each([
    [400, 'InvalidParameter'],
    [403, 'Forbidden.NoPermission'],
    [404, 'Forbidden.KeyNotFound'],
    [409, 'Rejected.Disabled'],
    [400, 'SignatureDoesNotMatch'],
    [302, 'Moved'],
  ])('answered %i %s is made once', async (status, code) => {
    const server = await serve((_request, response) => {
      refuse(response, status, code);
    });
    const client = await clientOf(server.endpoint, { retryCount: 5 }, noWaiting());
    await expect(client.describeKey('k')).rejects.toThrow();
    expect(server.received).toHaveLength(1);
  });

  it('that ran out of time after it was sent is made once', async () => {
    const server = await serve(() => undefined);
    const client = await clientOf(server.endpoint, { retryCount: 5, readTimeoutMs: 100 }, noWaiting());
    await expect(client.describeKey('k')).rejects.toMatchObject({ code: 'timeout' });
    expect(server.received).toHaveLength(1);
  });

  it('waits on the real clock when nothing else is given', async () => {
    const server = await serve((_request, response, count) => {
      if (count === 1) refuse(response, 429, 'Rejected.Throttling', { 'x-acs-retry-after': '300' });
      else json(response, 200, { RequestId: 'r' });
    });
    const start = performance.now();
    await (await clientOf(server.endpoint, { retryCount: 1 })).createAlias('k', 'alias/a');
    expect(performance.now() - start).toBeGreaterThan(290);
  });
});

describe('CreateKey', () => {
  it.each([
    ['a failure of the service', 503, 'ServiceUnavailableTemporary'],
    ['an internal failure', 500, 'InternalFailure'],
  ])('is never repeated after %s', async (_what, status, code) => {
    const server = await serve((_request, response) => {
      refuse(response, status, code);
    });
    const client = await clientOf(server.endpoint, { retryCount: 5 }, noWaiting());
    await expect(client.createKey(INPUT)).rejects.toMatchObject({
      code: 'unavailable',
      hints: [expect.stringContaining('the key may exist all the same')],
    });
    expect(server.received).toHaveLength(1);
  });

  it('is never repeated after a lost connection', async () => {
    const server = await serve((_request, response) => response.destroy());
    const client = await clientOf(server.endpoint, { retryCount: 5 }, noWaiting());
    await expect(client.createKey(INPUT)).rejects.toMatchObject({ code: 'network' });
    expect(server.received).toHaveLength(1);
  });

  it('is repeated when it was throttled', async () => {
    const server = await serve((_request, response) => {
      refuse(response, 429, 'Rejected.Throttling');
    });
    const client = await clientOf(server.endpoint, { retryCount: 2 }, noWaiting());
    await expect(client.createKey(INPUT)).rejects.toMatchObject({
      hints: expect.arrayContaining(['gave up after 3 attempts; see --retry-count']) as unknown,
    });
    expect(server.received).toHaveLength(3);
  });

  it('is repeated when no connection came about', async () => {
    const hooks = noWaiting();
    const client = await clientOf('http://127.0.0.1:1', { retryCount: 2 }, hooks);
    await expect(client.createKey(INPUT)).rejects.toMatchObject({ code: 'network' });
    expect(hooks.waits).toHaveLength(2);
  });

  it('is repeated when the TLS handshake did not end in time', async () => {
    const hooks = noWaiting();
    const port = await listen(net.createServer());
    const options = { retryCount: 1, connectTimeoutMs: 50 };
    const client = await clientOf(`https://localhost:${port}`, options, hooks);
    await expect(client.createKey(INPUT)).rejects.toMatchObject({ code: 'timeout' });
    expect(hooks.waits).toHaveLength(1);
  });
});

describe('the wait', () => {
  const failing = (facts: object) => ({
    action: 'A',
    repeatable: true,
    attempt: () =>
      Promise.reject(new CallError('unavailable', 'm', { retryReason: 'r', mayHaveActed: true, ...facts })),
  });

  it('doubles from 200 ms to 10 s, with full jitter', async () => {
    const hooks = noWaiting();
    await expect(
      withRetry(failing({}), { retryCount: 8, ...hooks, random: () => 0.999_999 }),
    ).rejects.toThrow();
    expect(hooks.waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 0.999, noNaN: true }), async (dice) => {
        const { waits, ...rest } = noWaiting();
        await expect(
          withRetry(failing({}), { retryCount: 7, ...rest, random: () => dice }),
        ).rejects.toThrow();
        waits.forEach((wait, index) => {
          expect(wait).toBeLessThanOrEqual(Math.min(10_000, 200 * 2 ** index));
        });
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    [5000, 5000],
    [3_600_000, 30_000],
    [10, 100],
  ])('that the service asks for (%i ms) is kept within bounds (%i ms)', async (retryAfter, waited) => {
    const hooks = noWaiting();
    await expect(
      withRetry(failing({ retryAfterMs: retryAfter }), { retryCount: 1, ...hooks }),
    ).rejects.toThrow();
    expect(hooks.waits).toEqual([waited]);
  });

  it('uses dice of its own', async () => {
    const waits: number[] = [];
    const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
    await expect(withRetry(failing({}), { retryCount: 20, sleep })).rejects.toThrow();
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it('that fails for another reason than a signal passes the failure on', async () => {
    const sleep = () => Promise.reject(new Error('no clock'));
    await expect(withRetry(failing({}), { retryCount: 1, sleep })).rejects.toThrow('no clock');
  });

  it('is never begun for an error of our own', async () => {
    const attempt = () => Promise.reject(new TypeError('bug'));
    await expect(withRetry({ action: 'A', repeatable: true, attempt }, { retryCount: 9 })).rejects.toThrow(
      'bug',
    );
  });

  it.each([
    ['milliseconds of the vendor', { 'x-acs-retry-after': '1500', 'retry-after': '9' }, 1500],
    ['seconds', { 'retry-after': '2' }, 2000],
    ['a date', { 'retry-after': 'Thu, 01 Jan 1970 00:00:10 GMT' }, 9000],
    ['a date that is over', { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
    ['nothing', {}, undefined],
    ['words', { 'x-acs-retry-after': 'soon', 'retry-after': 'later' }, undefined],
    ['a negative number', { 'x-acs-retry-after': '-5' }, undefined],
    ['a number beyond reason', { 'x-acs-retry-after': '9'.repeat(30) }, undefined],
  ])('is read from %s', (_what, headers, expected) => {
    expect(retryAfterMs(headers, 1000)).toBe(expected);
  });
});

describe('calls that share a pace', () => {
  it.each([
    [429, 'Rejected.Throttling', 1, [0]],
    [400, 'Throttling.User', 1, [0]],
    [503, 'ServiceUnavailableTemporary', 0, [100]],
  ])('answered %i %s tell it %i times, and wait %j alone', async (status, code, told, alone) => {
    const server = await serve((_request, response, count) => {
      if (count === 1) refuse(response, status, code, { 'x-acs-retry-after': '70' });
      else json(response, 200, { RequestId: 'r' });
    });
    const waits: number[] = [];
    let turns = 0;
    const pace = {
      turn: () => Promise.resolve(void (turns += 1)),
      throttled: (waitMs: number) => void waits.push(waitMs),
    };
    const hooks = noWaiting();
    await (await clientOf(server.endpoint, { retryCount: 3, pace }, hooks)).createAlias('k', 'alias/a');
    expect(turns).toBe(2);
    expect(waits).toEqual(Array.from({ length: told }, () => 100));
    expect(hooks.waits).toEqual(alone);
  });

  it('tell it of throttling when they give up, too', async () => {
    const waits: number[] = [];
    const pace = { turn: () => Promise.resolve(), throttled: (waitMs: number) => void waits.push(waitMs) };
    const facts = { retryReason: 'busy', mayHaveActed: false, isThrottled: true, retryAfterMs: 900 };
    const attempt = () => Promise.reject(new CallError('unavailable', 'busy', facts));
    const call = { action: 'A', repeatable: true, attempt };
    await expect(withRetry(call, { retryCount: 0, pace })).rejects.toThrow();
    expect(waits).toEqual([900]);
  });

  it('are not late while they wait for their first turn', async () => {
    const pace = new SharedPace({ perSecond: 5 });
    const attempt = (signal: AbortSignal) => Promise.resolve(signal.aborted);
    const call = { action: 'A', repeatable: true, attempt };
    const calls = Array.from({ length: 3 }, () =>
      withRetry(call, { retryCount: 0, totalTimeoutMs: 20, pace }),
    );
    expect(await Promise.all(calls)).toEqual([false, false, false]);
  });
});
