import { createPrivateKey } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { type PrivateKeyJob, WorkerPool } from '../../../src/emulator/hsm/worker-pool.js';
import { fixture } from '../../fixtures.js';

const key = createPrivateKey(fixture(inject('fixtures'), 'rsa2048.key'));
const job = (text: string): PrivateKeyJob => ({ key, operation: 'rsaPkcs1', input: Buffer.from(text) });

/** A thread that answers with its own number and its input, except for inputs that name a misfortune. */
const FRAGILE = `
const { parentPort, threadId } = require('node:worker_threads');
parentPort.on('message', ({ id, input }) => {
  const text = Buffer.from(input).toString();
  if (text === 'throw') throw new Error('thrown');
  if (text === 'exit') process.exit(1);
  if (text !== 'hang') parentPort.postMessage({ id, output: Buffer.from(threadId + ' ' + text) });
});`;
const text = (output: Uint8Array | undefined): string => Buffer.from(output ?? []).toString();

describe('a worker pool', () => {
  it('rejects an operation that OpenSSL refuses, and goes on', async () => {
    const pool = new WorkerPool(1);
    await expect(pool.run({ ...job(''), input: Buffer.alloc(300) })).rejects.toMatchObject({
      code: 'emulator',
      message: 'the software HSM failed',
    });
    expect(await pool.run(job('x'))).toHaveLength(256);
    await pool.close();
  });

  it('starts no more threads than it may and no more than it needs', async () => {
    const pool = new WorkerPool(2, FRAGILE);
    const threads = new Set<string | undefined>();
    for (let round = 0; round < 4; round += 1) threads.add(text(await pool.run(job('x'))).split(' ')[0]);
    expect(threads.size).toBe(1);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => pool.run(job(String(index)))));
    for (const answer of answers) threads.add(text(answer).split(' ')[0]);
    expect(threads.size).toBe(2);
    expect(answers.map((answer) => text(answer).split(' ')[1])).toEqual(
      answers.map((_, index) => String(index)),
    );
    await pool.close();
  });

  it.each([
    ['throw', 'a software HSM thread crashed'],
    ['exit', 'a software HSM thread ended early'],
  ])('rejects the jobs of a thread that meets "%s", and replaces it', async (misfortune, message) => {
    const pool = new WorkerPool(1, FRAGILE);
    const first = text(await pool.run(job('x')));
    const results = await Promise.allSettled([
      pool.run(job('hang')),
      pool.run(job(misfortune)),
      pool.run(job('x')),
    ]);
    expect(results.map((result) => result.status === 'rejected' && (result.reason as Error).message)).toEqual(
      Array(3).fill(message),
    );
    const next = text(await pool.run(job('x')));
    expect(next).toMatch(/^\d+ x$/);
    expect(next).not.toBe(first);
    await pool.close();
  });

  it('rejects what is under way when it is closed, and everything after', async () => {
    const pool = new WorkerPool(2, FRAGILE);
    const hanging = pool.run(job('hang'));
    const outcome = expect(hanging).rejects.toThrow('the software HSM is closed');
    await pool.close();
    await outcome;
    await expect(pool.run(job('x'))).rejects.toThrow('the software HSM is closed');
    await pool.close();
  });
});
