/**
 * Filters whose reader answers before the writer goes on: a chunk must come out as soon as it is known not to be the
 * last one, however much went before it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from '../../../src/age/chunk.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'kms-asym.cjs');
const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
/** The output is written by another thread behind its first megabyte. */
const CHUNKS = 24;

/** Between real pipes; those to this process are sockets. */
const FILTER = 'cat | "$0" "$@" | cat';
const ENCRYPT = ['encrypt', '--format', 'age', '-r', RECIPIENT];
const DECRYPT = ['decrypt', '-i', '/dev/fd/3', '-o', '-'];

const plaintext = randomBytes(CHUNKS * CHUNK_BYTES + 1);
const IN_BASH = ['-c', `exec 3<<<"$IDENTITY"; ${FILTER}`, process.execPath, EXECUTABLE];

it.each(['4', '1'])('a chunk at a time, with UV_THREADPOOL_SIZE=%s', { timeout: 60_000 }, async (threads) => {
  const env = { ...process.env, IDENTITY, UV_THREADPOOL_SIZE: threads };
  const encrypted = await inLockStep(ENCRYPT, plaintext, [0, CHUNK_BYTES, SEALED_CHUNK_BYTES], env);
  const headBytes = encrypted.length - CHUNKS * SEALED_CHUNK_BYTES - 17;
  const sizes = [headBytes, SEALED_CHUNK_BYTES, CHUNK_BYTES] as const;
  const decrypted = await inLockStep(DECRYPT, encrypted, sizes, env);
  expect(decrypted.equals(plaintext)).toBe(true);
  const judge = spawnSync('bash', ['-c', 'age -d -i <(echo "$IDENTITY")'], {
    input: encrypted,
    env,
    maxBuffer: 1e8,
  });
  expect(judge.stdout.equals(plaintext)).toBe(true);
});

/** Each chunk goes in, with the first byte of the next, when the one before came out. */
async function inLockStep(
  argv: readonly string[],
  input: Buffer,
  [headBytes, inBytes, outBytes]: readonly [number, number, number],
  env: NodeJS.ProcessEnv,
): Promise<Buffer> {
  const child = spawn('bash', [...IN_BASH, ...argv], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const received: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (bytes: Buffer) => {
    received.push(bytes);
    length += bytes.length;
  });
  let given = 0;
  for (let chunk = 1; chunk <= CHUNKS; chunk++) {
    child.stdin.write(input.subarray(given, (given = headBytes + chunk * inBytes + 1)));
    while (length < chunk * outBytes) await once(child.stdout, 'data');
  }
  child.stdin.end(input.subarray(given));
  await once(child, 'close');
  return Buffer.concat(received);
}
