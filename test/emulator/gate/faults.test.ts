import { describe, expect, it, onTestFinished } from 'vitest';
import { type FaultOptions, Faults } from '../../../src/emulator/gate/faults.js';
import type { RequestRecord } from '../../../src/emulator/http/request-log.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { KEY_INPUT, patientClient } from './patient-client.js';
import { expectRefusal } from '../running.js';
import { send, signV3 } from '../signer.js';

const draws = (options: FaultOptions, count: number) => {
  const faults = new Faults(options);
  return Array.from({ length: count }, () => faults.draw());
};

describe('a sequence of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    const options = { throttle: 0.3, drop: 0.3, seed: 7 };
    expect(draws(options, 200)).toEqual(draws(options, 200));
    expect(draws(options, 200)).not.toEqual(draws({ ...options, seed: 8 }, 200));
  });

  it('has another seed every time unless told, and tells it', () => {
    const [first, second] = [new Faults({ drop: 0.5 }), new Faults({ drop: 0.5 })];
    expect(first.seed).not.toBe(second.seed);
    expect(draws({ drop: 0.5, seed: first.seed }, 50)).toEqual(
      Array.from({ length: 50 }, () => first.draw()),
    );
  });

  it('holds each fault as often as asked, and drops before as often as after', () => {
    const all = draws({ throttle: 0.2, error500: 0.05, error503: 0.1, drop: 0.3, seed: 1 }, 20_000);
    const share = (fault: string | undefined) => all.filter((drawn) => drawn === fault).length / all.length;
    expect(share('throttle')).toBeCloseTo(0.2, 1.5);
    expect(share('error500')).toBeCloseTo(0.05, 1.5);
    expect(share('error503')).toBeCloseTo(0.1, 1.5);
    expect(share('drop-before')).toBeCloseTo(0.15, 1.5);
    expect(share('drop-after')).toBeCloseTo(0.15, 1.5);
    expect(share(undefined)).toBeCloseTo(0.35, 1.5);
  });

  it.each([
    [{ throttle: -0.1 }, 'the fault "throttle" must be from 0 to 1'],
    [{ error500: 1.1 }, 'the fault "error500" must be from 0 to 1'],
    [{ drop: Number.NaN }, 'the fault "drop" must be from 0 to 1'],
    [{ slowMs: 60_001 }, 'the fault "slow" must be from 0 to 60000'],
    [{ throttle: 0.6, error503: 0.5 }, 'the shares of faults are together more than 1'],
  ])('%j makes no sense', (options, message) => {
    expect(() => new Faults(options)).toThrow(expect.objectContaining({ code: 'usage', message }) as Error);
  });

  it('may be nothing but faults, in spite of decimal fractions', () => {
    expect(draws({ throttle: 0.7, error500: 0.1, error503: 0.1, drop: 0.1 }, 5000)).not.toContain(undefined);
  });
});

async function start(faults: FaultOptions) {
  const records: RequestRecord[] = [];
  const notices: string[] = [];
  const emulator = await startEmulator({
    hsm: 'software',
    faults,
    onNotice: (line) => notices.push(line),
    onRequest: (record) => records.push(record),
  });
  onTestFinished(() => emulator.close());
  const call = (action: string, query = {}) => send(emulator.endpoint, signV3(emulator, action, { query }));
  return { emulator, records, notices, call };
}

describe('an emulator that makes trouble', () => {
  it.each([
    [{ throttle: 1 }, 429, 'Rejected.Throttling', 'throttle'],
    [{ error500: 1 }, 500, 'InternalFailure', 'error500'],
    [{ error503: 1 }, 503, 'ServiceUnavailableTemporary', 'error503'],
  ] as const)('%j answers %d and does nothing', async (faults, status, code, fault) => {
    const { call, records, notices, emulator } = await start(faults);
    const answer = await call('CreateKey', { KeySpec: 'RSA_2048' });
    expectRefusal(answer, status, code);
    expect(answer.headers['x-acs-retry-after']).toBe(fault === 'throttle' ? '100' : undefined);
    expect(records).toEqual([expect.objectContaining({ status, code, fault, keyId: null })]);
    expect(notices).toContainEqual(expect.stringMatching(/^makes trouble on purpose, with seed \d+$/));
    expect(notices.filter((line) => line.includes('internal failure'))).toEqual([]);
    const health = await fetch(`${emulator.endpoint}/healthz`);
    expect(health.status).toBe(200);
  });

  it('drops connections, before the call is carried out and after', async () => {
    const { call, records, emulator } = await start({ drop: 1, seed: 3 });
    for (let index = 0; index < 12; index += 1) {
      await expect(call('CreateKey', { KeySpec: 'EC_P256' })).rejects.toThrow(/hang up|ECONNRESET/);
    }
    const [before, after] = ['drop-before', 'drop-after'].map((name) =>
      records.filter(({ fault }) => fault === name),
    );
    expect(before?.length).toBeGreaterThan(0);
    expect(after?.length).toBeGreaterThan(0);
    expect(before?.every(({ keyId }) => keyId === null)).toBe(true);
    expect(after?.every(({ keyId }) => keyId?.startsWith('key-'))).toBe(true);
    expect(
      records.every(({ status, code, requestId }) => status === null && code === null && requestId === null),
    ).toBe(true);
    // Who is not known is not dropped.
    const foreign = await send(emulator.endpoint, signV3({ ...emulator, accessKeyId: 'x' }, 'ListKeys'));
    expect(foreign.status).toBe(404);
  });

  it('is slow to everybody it knows', async () => {
    const { call, emulator } = await start({ slowMs: 150 });
    const time = async (work: Promise<unknown>) => {
      const startedMs = performance.now();
      await work;
      return performance.now() - startedMs;
    };
    expect(await time(call('ListKeys'))).toBeGreaterThan(140);
    expect(await time(call('DescribeKey', { KeyId: 'none' }))).toBeGreaterThan(140);
    expect(await time(fetch(`${emulator.endpoint}/healthz`))).toBeLessThan(140);
  });

  it('is something that our own client gets through', async () => {
    const { emulator, records } = await start({
      throttle: 0.2,
      error500: 0.1,
      error503: 0.1,
      drop: 0.2,
      slowMs: 5,
      seed: 11,
    });
    const kms = await patientClient(emulator);
    // Not repeated blindly, so it may need a second start.
    const create = () => kms.createKey(KEY_INPUT);
    const { keyId } = await create().catch(create).catch(create);
    for (let call = 0; call < 25; call += 1) expect(await kms.describeKey(keyId)).toMatchObject({ keyId });
    kms.close();
    const met = new Set(records.map(({ fault }) => fault));
    expect([...met].sort()).toEqual(
      ['drop-after', 'drop-before', 'error500', 'error503', 'throttle', null].sort(),
    );
  });
});
