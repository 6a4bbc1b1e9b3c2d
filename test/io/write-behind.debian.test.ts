import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WRITTEN } from '../../src/io/descriptor.js';
import { createOutput } from '../../src/io/output.js';
import { processStdio } from '../../src/io/process-stdio.js';
import { BrokenPipe } from '../../src/io/stdio.js';
import { WriteBehind } from '../../src/io/write-behind.js';
import { workspace } from './workspace.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const MIB = 1024 * 1024;

/** Both ends of a pipe. What is read goes through the non-blocking end, now and then. */
class Pipe {
  readonly reader: number;
  readonly writer: number;
  readonly received: Buffer[] = [];
  #isReading = false;

  constructor(flags = 0) {
    const path = workspace()('fifo');
    execFileSync('mkfifo', [path]);
    this.reader = openSync(path, O_RDONLY | O_NONBLOCK);
    this.writer = openSync(path, O_WRONLY | flags);
    onTestFinished(() => {
      closeSync(this.writer);
    });
  }

  /** From now on everything is read, some of it each millisecond. */
  read(): void {
    this.#isReading = true;
    void (async () => {
      const buffer = Buffer.alloc(300_000);
      while (this.#isReading) {
        try {
          const length = readSync(this.reader, buffer);
          this.received.push(Buffer.from(buffer.subarray(0, length)));
        } catch {
          // Empty at the moment.
        }
        await sleep(1);
      }
    })();
  }

  /** All that was read. */
  async end(): Promise<Buffer> {
    await sleep(20);
    this.leave();
    return Buffer.concat(this.received);
  }

  /** Nobody reads any more. */
  leave(): void {
    this.#isReading = false;
    closeSync(this.reader);
  }
}

/** Bytes that tell their place. */
function content(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let place = 0; place + 4 <= length; place += 4) bytes.writeUInt32LE(place, place);
  return bytes;
}

describe('what is written behind', () => {
  it('arrives whole and in order, whatever the pieces, made in place or not, and may change at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ length: fc.integer({ min: 0, max: 700_000 }), inPlace: fc.boolean() }), {
          minLength: 1,
          maxLength: 8,
        }),
        async (pieces) => {
          const pipe = new Pipe();
          pipe.read();
          const behind = new WriteBehind(pipe.writer, 'stdout');
          const whole = content(pieces.reduce((sum, { length }) => sum + length, 0));
          let offset = 0;
          for (const { length, inPlace } of pieces) {
            const memory = (inPlace ? behind.space(length) : undefined) ?? Buffer.alloc(length);
            memory.set(whole.subarray(offset, (offset += length)));
            const written = behind.write(memory.subarray(0, length));
            if (!inPlace && written === WRITTEN) memory.fill(0);
            await written;
          }
          await behind.flush();
          expect((await pipe.end()).equals(whole)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    ['blocking', 0],
    ['non-blocking', O_NONBLOCK],
  ])('waits for the reader of a %s pipe, holding two blocks at most', async (_, flags) => {
    const pipe = new Pipe(flags);
    const behind = new WriteBehind(pipe.writer, 'stdout');
    const whole = content(4 * MIB);
    let taken = 0;
    const writing = (async () => {
      for (; taken < whole.length; taken += 65_536) await behind.write(whole.subarray(taken, taken + 65_536));
      await behind.flush();
    })();
    await sleep(100);
    expect(taken).toBeGreaterThan(MIB);
    expect(taken).toBeLessThan(2.1 * MIB);
    pipe.read();
    await writing;
    expect((await pipe.end()).equals(whole)).toBe(true);
  });

  it('is on its way at once, also when nothing comes after it', async () => {
    const pipe = new Pipe();
    pipe.read();
    await new WriteBehind(pipe.writer, 'stdout').write(Buffer.from('one line'));
    expect((await pipe.end()).toString()).toBe('one line');
  });

  it('in one piece larger than a block goes in several', async () => {
    const pipe = new Pipe();
    pipe.read();
    const behind = new WriteBehind(pipe.writer, 'stdout');
    const whole = content(3 * MIB + 1);
    expect(behind.space(whole.length)).toBeUndefined();
    await behind.write(whole);
    await behind.flush();
    expect((await pipe.end()).equals(whole)).toBe(true);
  });

  it('fails when the reader goes away, every time, and at the end', async () => {
    const pipe = new Pipe();
    const behind = new WriteBehind(pipe.writer, 'stdout');
    await behind.write(Buffer.alloc(MIB));
    const waiting = behind.write(Buffer.alloc(2 * MIB));
    pipe.leave();
    await expect(waiting).rejects.toBeInstanceOf(BrokenPipe);
    await expect(behind.write(Buffer.from('x'))).rejects.toBeInstanceOf(BrokenPipe);
    await expect(behind.flush()).rejects.toBeInstanceOf(BrokenPipe);
  });

  it('fails with what the system says', async () => {
    const fd = openSync('/dev/full', 'w');
    onTestFinished(() => {
      closeSync(fd);
    });
    const behind = new WriteBehind(fd, 'stdout');
    await behind.write(Buffer.from('x'));
    await expect(behind.flush()).rejects.toMatchObject({ code: 'write-failed' });
  });
});

describe('an output to stdout', () => {
  it('of megabytes is written behind, in order with what came before, and is whole after the commit', async () => {
    const pipe = new Pipe();
    pipe.read();
    const { stdout } = processStdio([0, pipe.writer, 2]);
    const output = createOutput({ path: '-', stdout, secret: false, force: false, kind: 'binary' });
    expect(output.space?.(1)).toBeUndefined();
    // Read by this very thread: larger pieces would wait for themselves.
    const whole = content(4 * MIB);
    for (let place = 0; place < whole.length; place += 32_768) {
      if (place <= MIB) await sleep(3);
      await output.write(whole.subarray(place, place + 32_768));
    }
    expect(output.space?.(1)).toBeDefined();
    await output.commit();
    expect((await pipe.end()).equals(whole)).toBe(true);
  });

  it.each(['1', '0', ''])('is not written behind when UV_THREADPOOL_SIZE is "%s"', async (size) => {
    vi.stubEnv('UV_THREADPOOL_SIZE', size);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const pipe = new Pipe();
    const { stdout } = processStdio([0, pipe.writer, 2]);
    const written = stdout.writeBehind?.(Buffer.from('at once'));
    const received = Buffer.alloc(100);
    expect(received.toString('latin1', 0, readSync(pipe.reader, received))).toBe('at once');
    expect(stdout.space?.(1)).toBeUndefined();
    await written;
    pipe.leave();
  });

  it('that fails at the end fails the commit', async () => {
    const pipe = new Pipe();
    const { stdout } = processStdio([0, pipe.writer, 2]);
    const behind = stdout.writeBehind?.bind(stdout);
    await behind?.(Buffer.alloc(MIB));
    pipe.leave();
    const output = createOutput({ path: '-', stdout, secret: false, force: false, kind: 'binary' });
    await expect(output.commit()).rejects.toBeInstanceOf(BrokenPipe);
  });
});
