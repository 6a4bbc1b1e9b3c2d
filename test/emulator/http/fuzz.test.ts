/** Requests at random, over real sockets. A failure names the seed that repeats it. */
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { asLast, damage, Dice, goodRequest, nearMiss, noise, oddCall } from './fuzz-input.js';
import { FUZZ_TIMEOUT_MS, fuzzMs, tellFuzzed } from '../../fuzz/minutes.js';
import { createKey, runEmulator, UUID } from '../running.js';

vi.setConfig({ testTimeout: FUZZ_TIMEOUT_MS });

const DURATION_MS = fuzzMs(3_500);
const CONNECTIONS = 8;
/** Longer than anything honest takes; a connection that stands longer hangs. */
const PATIENCE_MS = 8_000;

const running = runEmulator();
const known: string[] = [];
beforeAll(async () => {
  for (const params of [{}, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' }]) {
    const { KeyId, KeyVersionId, Arn } = await createKey(running, params);
    known.push(KeyId, KeyVersionId, Arn);
  }
  await running.ok('CreateAlias', { KeyId: known[0] ?? '', AliasName: 'alias/known' });
  known.push('alias/known');
});

afterEach(async () => {
  expect(running.notices.filter((line) => line.includes('failure'))).toEqual([]);
  await running.ok('ListKeys');
});

/** Sends bytes in two pieces, then nothing more, or the end; what comes back until the other side closes. */
function exchange(dice: Dice, bytes: Buffer, end: 'waits' | 'ends'): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(running.emulator.endpoint).port), host: '127.0.0.1' });
    const received: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection hangs'));
    }, PATIENCE_MS);
    socket.on('data', (data) => received.push(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(received));
    });
    const middle = dice.roll(bytes.length + 1);
    socket.write(bytes.subarray(0, middle));
    setImmediate(() => {
      socket.write(bytes.subarray(middle));
      // Node's server lets go of answers that are under way when the client ends its side.
      if (end === 'ends') socket.end();
    });
  });
}

/** The answers of a connection; fails for what is not whole JSON with a RequestId, or is no answer at all. */
function answersOf(received: Buffer): { status: number; json: Record<string, unknown> }[] {
  const answers = [];
  let rest = received;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    const head = rest.subarray(0, end).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    rest = rest.subarray(end + 4);
    if (status === 100) continue;
    expect(head).toMatch(/^content-type: application\/json;charset=utf-8$/im);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    expect(rest.length).toBeGreaterThanOrEqual(length);
    const json = JSON.parse(rest.subarray(0, length).toString()) as Record<string, unknown>;
    expect(json['RequestId']).toMatch(UUID);
    answers.push({ status, json });
    rest = rest.subarray(length);
  }
  return answers;
}

/** Sends what `make` makes over several connections at a time until the time is up; returns how often. */
async function bombard(
  make: (dice: Dice) => Buffer,
  end: 'waits' | 'ends',
  check?: (received: Buffer) => void,
): Promise<number> {
  const deadlineMs = performance.now() + DURATION_MS;
  let count = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < deadlineMs) {
      const seed = randomInt(1, 2 ** 32);
      const dice = new Dice(seed);
      const bytes = make(dice);
      count += 1;
      try {
        const received = await exchange(dice, bytes, end);
        check?.(received);
        answersOf(received);
      } catch (cause) {
        const shown = JSON.stringify(bytes.subarray(0, 4000).toString('latin1'));
        throw new Error(`seed ${seed} fails with ${shown}`, { cause });
      }
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  tellFuzzed(`requests to the emulator: ${count}`);
  return count;
}

it('noise and near misses of HTTP get JSON or nothing', async () => {
  const count = await bombard((dice) => (dice.roll(8) === 0 ? noise(dice) : nearMiss(dice)), 'ends');
  expect(count).toBeGreaterThan(200);
});

it('good requests that were damaged, alone or in a row, get JSON or nothing', async () => {
  const count = await bombard((dice) => {
    const parts = Array.from({ length: 1 + dice.roll(4) }, () => {
      const { action, params } = oddCall(dice, known);
      const good = goodRequest(dice, running.emulator, action === 'CreateKey' ? 'ListKeys' : action, params);
      return dice.roll(3) === 0 ? good : damage(dice, good);
    });
    return Buffer.concat(parts);
  }, 'ends');
  expect(count).toBeGreaterThan(200);
});

it('odd parameters under a good signature get an answer, and never an internal failure', async () => {
  const codes = new Set<unknown>();
  const count = await bombard(
    (dice) => {
      const { action, params } = oddCall(dice, known);
      return asLast(goodRequest(dice, running.emulator, action, params));
    },
    'waits',
    (received) => {
      const [answer, ...more] = answersOf(received);
      expect(more).toEqual([]);
      expect(answer?.status).toBeLessThan(500);
      expect(answer?.json['Code']).not.toBe('SignatureDoesNotMatch');
      codes.add(answer?.json['Code']);
    },
  );
  expect(count).toBeGreaterThan(200);
  // Not all stopped at the first check.
  expect(codes.size).toBeGreaterThan(8);
  expect(codes).toContain(undefined);
});
