/** Large files by two threads: what they write, and what they say, is what one thread does. */
import { randomBytes } from 'node:crypto';
import fs, { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BATCH_CHUNKS } from '../../../src/age/batch.js';
import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from '../../../src/age/chunk.js';
import { PayloadSealer, decryptStream } from '../../../src/age/stream.js';
import { doBulk, type BulkPayload } from '../../../src/cli/bulk/payload.js';
import { main } from '../../../src/cli/main.js';
import { openInput } from '../../../src/io/input.js';
import { createOutput, type Output } from '../../../src/io/output.js';
import { eachSegment } from '../../../src/io/segments.js';
import { collect } from '../../age/streams.js';
import { workspace } from '../../io/workspace.js';
import { memoryStdio } from '../memory-stdio.js';

const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'dist', 'chunks', 'second-thread.cjs');
const MIB = BATCH_CHUNKS * CHUNK_BYTES;
const ONE = {};
const TWO = { secondThread: { file: PROGRAM, minBytes: 1 } };

async function run(threads: typeof ONE, ...argv: string[]) {
  const stdio = memoryStdio();
  const status = await main(argv, { stdio, env: {}, interceptSignals: () => () => undefined, ...threads });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

describe('a file', { timeout: 60_000 }, () => {
  it.each([
    ...[0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES],
    ...[MIB - 1, MIB, MIB + 1, MIB + CHUNK_BYTES, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1],
    ...[3 * MIB + 7 * CHUNK_BYTES, 9 * MIB, 20 * MIB + 12_345],
  ])('of %i bytes comes back, whoever encrypted it', async (size) => {
    const at = workspace();
    writeFileSync(at('identity'), IDENTITY);
    writeFileSync(at('plain'), randomBytes(size));
    for (const [name, threads] of Object.entries({ one: ONE, two: TWO })) {
      const made = await run(threads, 'encrypt', '-r', RECIPIENT, '--json', at('plain'), '-o', at(name));
      expect(made).toMatchObject({ status: 0, stderr: '' });
      const bytes = { PlaintextBytes: size, CiphertextBytes: statSync(at(name)).size };
      expect(JSON.parse(made.stdout)).toMatchObject(bytes);
      for (const [other, openers] of Object.entries({ one: ONE, two: TWO })) {
        const out = at(`${name}-${other}`);
        const opened = await run(openers, 'decrypt', '-i', at('identity'), '--json', at(name), '-o', out);
        expect(opened).toMatchObject({ status: 0, stderr: '' });
        expect(JSON.parse(opened.stdout)).toMatchObject(bytes);
        expect(readFileSync(out).equals(readFileSync(at('plain')))).toBe(true);
        expect(statSync(out).mode & 0o777).toBe(0o600);
      }
    }
    expect(statSync(at('one')).size).toBe(statSync(at('two')).size);
    expect(readdirSync(at('.')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('that is text is not for two threads', async () => {
    const at = workspace();
    writeFileSync(at('identity'), IDENTITY);
    writeFileSync(at('plain'), randomBytes(3 * MIB));
    await run(TWO, 'encrypt', '-r', RECIPIENT, '-a', at('plain'), '-o', at('armored'));
    await run(TWO, 'decrypt', '-i', at('identity'), at('armored'), '-o', at('out'));
    expect(readFileSync(at('out')).equals(readFileSync(at('plain')))).toBe(true);
  });

  it('of a batch comes back too', async () => {
    const at = workspace();
    fs.mkdirSync(at('plain'));
    writeFileSync(at('identity'), IDENTITY);
    for (const name of ['a', 'b', 'c']) writeFileSync(at(`plain/${name}`), randomBytes(4 * MIB));
    const steps = [
      ['encrypt', '-r', RECIPIENT, at('plain'), '--output-dir', at('x'), '-q'],
      ['decrypt', '-i', at('identity'), at('x'), '--output-dir', at('y'), '-q'],
    ];
    for (const step of steps) expect(await run(TWO, ...step)).toMatchObject({ status: 0 });
    for (const name of ['a', 'b', 'c']) {
      expect(readFileSync(at(`y/${name}`)).equals(readFileSync(at(`plain/${name}`)))).toBe(true);
    }
  });
});

describe('a damaged file', { timeout: 60_000 }, () => {
  const at = (name: string): string => join(dir, name);
  let dir: string;
  let file: Buffer;
  let start: number;

  beforeAll(async () => {
    dir = fs.mkdtempSync(join(fs.realpathSync('/tmp'), 'kms-asym-bulk-'));
    writeFileSync(at('identity'), IDENTITY);
    writeFileSync(at('plain'), randomBytes(6 * MIB + 1000));
    await run(TWO, 'encrypt', '-r', RECIPIENT, at('plain'), '-o', at('file'));
    file = readFileSync(at('file'));
    start = file.indexOf('\n--- ') + 49 + 16;
    return () => {
      fs.rmSync(dir, { recursive: true });
    };
  });

  /** Both refuse it with the same words, and leave nothing. */
  async function expectSame(changed: Uint8Array): Promise<string> {
    writeFileSync(at('changed'), changed);
    const before = readdirSync(dir);
    const [one, two] = [
      await run(ONE, 'decrypt', '-i', at('identity'), at('changed'), '-o', at('out')),
      await run(TWO, 'decrypt', '-i', at('identity'), at('changed'), '-o', at('out')),
    ];
    expect(two).toEqual(one);
    expect(two.status).toBe(3);
    expect(readdirSync(dir)).toEqual(before);
    return two.stderr;
  }

  it('in any batch is refused as by one thread', async () => {
    for (let batch = 0; batch <= 6; batch++) {
      const changed = Buffer.from(file);
      const place = start + batch * BATCH_CHUNKS * SEALED_CHUNK_BYTES + (batch === 6 ? 5 : 500_000);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(await expectSame(changed)).toContain('damaged or cut off in chunk ');
    }
  });

  it('in several places is refused for the first of them', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const changed = Buffer.from(file);
      for (let flips = 0; flips < 5; flips++) {
        const place = start + Math.floor(Math.random() * (file.length - start));
        changed[place] = (changed[place] ?? 0) ^ 1;
      }
      await expectSame(changed);
    }
  });

  it('cut off, extended or reordered is refused as by one thread', async () => {
    const chunk = (n: number): Buffer =>
      file.subarray(start + n * SEALED_CHUNK_BYTES, start + (n + 1) * SEALED_CHUNK_BYTES);
    for (const chunks of [1, 15, 16, 17, 32, 95, 96]) {
      for (const more of [-1, 0, 1, 16]) {
        await expectSame(file.subarray(0, start + chunks * SEALED_CHUNK_BYTES + more));
      }
    }
    expect(await expectSame(Buffer.concat([file, Buffer.alloc(1)]))).toContain('damaged');
    await expectSame(Buffer.concat([file, Buffer.alloc(2 * MIB)]));
    await expectSame(Buffer.concat([file.subarray(0, start), chunk(16), chunk(17), file.subarray(start)]));
    // Whole chunks of another file of the same key cannot be had; its own last one in the middle can.
    const last = file.subarray(start + 96 * SEALED_CHUNK_BYTES);
    await expectSame(Buffer.concat([file, last, file.subarray(start)]));
  });

  it('with something behind a last chunk that is whole says so', async () => {
    writeFileSync(at('whole'), randomBytes(16 * CHUNK_BYTES));
    await run(TWO, 'encrypt', '-r', RECIPIENT, at('whole'), '-o', at('whole.age'));
    const longer = Buffer.concat([readFileSync(at('whole.age')), Buffer.alloc(3 * MIB)]);
    expect(await expectSame(longer)).toContain('something was appended to the payload');
  });
});

/** This thread needs seconds for what the other one does at once, however busy the machine is. */
function readSlowly(): void {
  const readSync = fs.readSync.bind(fs) as (...args: unknown[]) => number;
  const never = new Int32Array(new SharedArrayBuffer(4));
  vi.spyOn(fs, 'readSync').mockImplementation((...args: unknown[]) => {
    Atomics.wait(never, 0, 0, 30);
    return readSync(...args);
  });
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
}

describe('a payload', { timeout: 60_000 }, () => {
  const FILE_KEY = Buffer.alloc(16, 7);

  interface Sealing {
    readonly payload: BulkPayload;
    readonly sealer: PayloadSealer;
    readonly output: Output;
    readonly reported: [number, number];
  }

  /** Seals `input` as it was when this is called. */
  function sealing(
    at: (name: string) => string,
    program = PROGRAM,
    work: BulkPayload['work'] = 'seal',
  ): Sealing {
    const sealer = new PayloadSealer(FILE_KEY);
    const input = openInput(at('input'), memoryStdio().stdin);
    const stdout = memoryStdio().stdout;
    const output = createOutput({ path: at('out'), stdout, secret: false, force: false, kind: 'binary' });
    const reported: [number, number] = [0, 0];
    return {
      sealer,
      output,
      reported,
      payload: {
        context: { secondThread: { file: program, minBytes: 1 } },
        input,
        output,
        work,
        start: 0,
        headBytes: work === 'seal' ? 16 : 0,
        leave: (chunks) => {
          const { key, head } = sealer.leave(chunks);
          return { key, head: work === 'seal' ? head : Buffer.alloc(0) };
        },
        report: (inputBytes, outputBytes) => {
          reported[0] += inputBytes;
          reported[1] += outputBytes;
        },
      },
    };
  }

  /** What is not done by two threads. */
  async function sealRest(
    { payload, sealer, output }: Omit<Sealing, 'reported'>,
    done: number,
  ): Promise<void> {
    if (!payload.input.file) throw new Error('no file');
    await eachSegment(payload.input.file, done, CHUNK_BYTES, (chunk, last) =>
      output.write(sealer.seal(chunk, last)),
    );
    await output.commit();
  }

  it('of a file that grows is read to its end', async () => {
    const at = workspace();
    writeFileSync(at('input'), randomBytes(5 * MIB));
    const { payload, sealer, output, reported } = sealing(at);
    fs.appendFileSync(at('input'), randomBytes(2 * MIB + 5));
    const done = await doBulk(payload);
    expect(reported).toEqual([4 * MIB, 4 * BATCH_CHUNKS * SEALED_CHUNK_BYTES]);
    await sealRest({ payload, sealer, output }, done);
    const opened = await collect(decryptStream(FILE_KEY, [readFileSync(at('out'))]));
    expect(opened.equals(readFileSync(at('input')))).toBe(true);
  });

  it.each([
    ['Node refuses to start a path of this kind, as it refuses when the system gives no thread', undefined],
    ['it cannot even begin', 'ERR_WORKER_INIT_FAILED'],
    ['its program cannot be opened', 'EMFILE'],
  ])('is done by this thread where there cannot be another one: %s', async (_why, code) => {
    const at = workspace();
    writeFileSync(at('input'), randomBytes(3 * MIB));
    writeFileSync(at('thread.cjs'), `throw Object.assign(new Error('x'), { code: '${code}' });`);
    const { payload, sealer, output, reported } = sealing(
      at,
      code === undefined ? 'no-path' : at('thread.cjs'),
    );
    await sealRest({ payload, sealer, output }, await doBulk(payload));
    expect(reported[0]).toBeGreaterThanOrEqual(2 * MIB);
    const opened = await collect(decryptStream(FILE_KEY, [readFileSync(at('out'))]));
    expect(opened.equals(readFileSync(at('input')))).toBe(true);
  });

  it.each<[string, string, BulkPayload['work'], RegExp, object]>([
    ['a file that shrinks', '', 'seal', /"[^"]*input" became shorter/, { code: 'read-failed' }],
    ['data that are no payload', '', 'open', /damaged or cut off in chunk 1$/, { code: 'undecryptable' }],
    ['a thread that does not start', 'throw new RangeError("x");', 'seal', /^x$/, { name: 'RangeError' }],
    ['a thread that just ends', 'take(); process.exit(0);', 'seal', /ended without a word/, {}],
    ['a thread that loses a batch', 'take(); post(undefined);', 'seal', /a batch is missing/, {}],
    [
      'a thread that fails',
      'post({ batch: take(), code: "write-failed", message: "cannot write", hints: ["h"] });',
      'seal',
      /^cannot write$/,
      { code: 'write-failed', hints: ['h'] },
    ],
    [
      'which a thread fails behind the place where this one does',
      'post({ batch: 7, code: "write-failed", message: "cannot write", hints: [] });',
      'open',
      /damaged or cut off in chunk 1$/,
      { code: 'undecryptable' },
    ],
  ])('of %s ends with an error', async (what, text, work, message, details) => {
    const at = workspace();
    writeFileSync(at('input'), '');
    fs.truncateSync(at('input'), 80 * MIB);
    writeFileSync(
      at('thread.cjs'),
      `const { parentPort, workerData } = require('node:worker_threads');
       const take = () => { const n = Atomics.add(workerData.counts, 0, 1); if (n >= workerData.batches) throw new Error('late'); return n; };
       const post = (value) => parentPort.postMessage(value);
       ${text}`,
    );
    const { payload, output } = sealing(at, text === '' ? PROGRAM : at('thread.cjs'), work);
    if (what.includes('shrinks')) fs.truncateSync(at('input'), 3 * MIB);
    readSlowly();
    const error: unknown = await doBulk(payload).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    output.abort();
    expect(error).toMatchObject({ message: expect.stringMatching(message) as string, ...details });
    expect(readdirSync(at('.')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is one for this thread alone while another one is under way, and when it goes to a pipe', async () => {
    const at = workspace();
    writeFileSync(at('input'), randomBytes(3 * MIB));
    const first = sealing(at);
    const second = sealing(at);
    const running = doBulk(first.payload);
    expect(await doBulk(second.payload)).toBe(0);
    expect(await running).toBe(2 * MIB);
    first.output.abort();
    const stdout = createOutput({
      ...{ path: undefined, stdout: memoryStdio().stdout },
      ...{ secret: false, force: false, kind: 'binary' },
    });
    expect(await doBulk({ ...second.payload, output: stdout })).toBe(0);
  });

  it('that cannot be written ends with an error', async () => {
    const at = workspace();
    writeFileSync(at('input'), randomBytes(3 * MIB));
    const { payload, output } = sealing(at);
    const fd = fs.openSync(at('input'), 'r');
    const reserve = (): object => ({ fd, position: 0, subject: '"out"' });
    await expect(doBulk({ ...payload, output: Object.assign(output, { reserve }) })).rejects.toMatchObject({
      code: 'write-failed',
      message: 'cannot write "out": it is not open',
    });
    fs.closeSync(fd);
  });
});
