import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { interceptSignals } from '../../src/io/cleanup.js';
import { readDescriptor } from '../../src/io/descriptor.js';
import { openInput, readSmallFile, readUpTo } from '../../src/io/input.js';
import { createOutput } from '../../src/io/output.js';
import { processStdio } from '../../src/io/process-stdio.js';
import { BrokenPipe } from '../../src/io/stdio.js';
import { readFailed } from '../../src/io/system-error.js';
import { workspace } from './workspace.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

function open(path: string, flags: string | number): number {
  const fd = openSync(path, flags);
  onTestFinished(() => {
    closeSync(fd);
  });
  return fd;
}

function fifo(): string {
  const path = workspace()('fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

/** Standard streams that all are one descriptor. */
const streams = (fd: number) => processStdio([fd, fd, fd]);

const output = (path: string, force = false) =>
  createOutput({ path, stdout: streams(1).stdout, secret: true, force, kind: 'binary' });

const failure = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;

describe('a descriptor', () => {
  it('of a file of the system, which holds less than it says, is read to its end', async () => {
    const path = '/sys/devices/system/cpu/online';
    const content = readFileSync(path);
    expect(content.length).toBeLessThan(statSync(path).size);
    const { bytes } = await readUpTo({ chunks: () => readDescriptor(open(path, 'r'), 'it') }, 10_000);
    expect(bytes.equals(content)).toBe(true);
  });

  it('of a file is read to its end, and is known to be that file', async () => {
    const path = workspace()('file');
    writeFileSync(path, 'content');
    const { stdin, stdout } = streams(open(path, 'r'));
    const { dev, ino } = statSync(path, { bigint: true });
    expect(stdin).toMatchObject({ isTerminal: false, identity: { dev, ino } });
    expect(stdout).toMatchObject({ isTerminal: false, identity: { dev, ino }, columns: undefined });
    expect((await readUpTo(stdin, 100)).bytes.toString()).toBe('content');
    await expect(stdout.write('x')).rejects.toThrow(failure('write-failed', 'stdout: it is not open'));
  });

  it.each(['/dev/null', '/dev/zero'])('of %s is neither a terminal nor a file', (path) => {
    const { stdin, stdout } = streams(open(path, 'r+'));
    expect([stdin.isTerminal, stdout.isTerminal, stdin.identity, stdout.identity]).toEqual([
      false,
      false,
      undefined,
      undefined,
    ]);
  });

  it('that is closed fails like any other', async () => {
    const { stdin, stderr } = streams(9999);
    expect([stdin.isTerminal, stderr.isTerminal, stdin.identity]).toEqual([false, false, undefined]);
    await expect(readUpTo(stdin, 1)).rejects.toThrow(failure('read-failed', 'stdin: it is not open'));
    await expect(stderr.write('x')).rejects.toThrow(failure('write-failed', 'stderr: it is not open'));
  });

  it('whose reader went away says so, every time', async () => {
    const path = fifo();
    const reader = openSync(path, O_RDONLY | O_NONBLOCK);
    const { stdout } = streams(open(path, 'w'));
    await stdout.write('read by nobody');
    closeSync(reader);
    const writes = [stdout.write('x'), stdout.write('y')];
    for (const write of writes) await expect(write).rejects.toBeInstanceOf(BrokenPipe);
  });

  it('that is non-blocking and full is waited for', async () => {
    const path = fifo();
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    const { stdout } = streams(open(path, O_WRONLY | O_NONBLOCK));
    const content = Buffer.alloc(200_000, 'abcdefg');
    let done = false;
    const written = stdout.write(content).then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toBe(false);
    const received: Buffer[] = [];
    const buffer = Buffer.alloc(30_000);
    for (let length = 0; length < content.length;) {
      const count = readSync(reader, buffer);
      received.push(Buffer.from(buffer.subarray(0, count)));
      length += count;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await written;
    expect(Buffer.concat(received).equals(content)).toBe(true);
  });
});

describe('reading', () => {
  it.each(['a file', 'a pipe'])('%s gives pieces that stay while the next one is read', async (kind) => {
    const path = kind === 'a file' ? workspace()('file') : fifo();
    const content = randomBytes(1_000_000);
    if (kind === 'a file') writeFileSync(path, content);
    else spawn('sh', ['-c', `cat > '${path}'`]).stdin.end(content);
    const received: Buffer[] = [];
    let before: Uint8Array | undefined;
    for await (const piece of readDescriptor(open(path, 'r'), 'input')) {
      if (before) received.push(Buffer.from(before));
      before = piece;
    }
    expect(Buffer.concat([...received, before ?? Buffer.alloc(0)]).equals(content)).toBe(true);
  });

  it('gives what is there without a turn, and nothing when that would mean to wait', async () => {
    const path = fifo();
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    const writer = openSync(path, 'w');
    const pieces = readDescriptor(reader, 'input')[Symbol.asyncIterator]();
    expect(pieces.nextNow?.()).toBeUndefined();
    writeSync(writer, 'there');
    expect(String(pieces.nextNow?.())).toBe('there');
    closeSync(writer);
    expect(pieces.nextNow?.()).toBeUndefined();
    expect(await pieces.next()).toEqual({ value: undefined, done: true });
    expect(pieces.nextNow?.()).toBeUndefined();
  });

  it('goes on elsewhere when the descriptor is non-blocking, and fails without such a place', async () => {
    const path = fifo();
    const fd = open(path, O_RDONLY | O_NONBLOCK);
    open(path, 'w');
    const elsewhere = () => Readable.from([Buffer.from('elsewhere')]);
    const chunks = () => readDescriptor(fd, 'stdin', { whenNonBlocking: elsewhere });
    expect((await readUpTo({ chunks }, 100)).bytes.toString()).toBe('elsewhere');
    await expect(readUpTo({ chunks: () => readDescriptor(fd, 'stdin') }, 100)).rejects.toThrow(
      failure('read-failed', 'cannot read stdin: EAGAIN'),
    );
  });

  it('reports what the system says', async () => {
    // Nothing is mapped at address 0, where reading starts.
    const error = failure('read-failed', '"/proc/self/mem": input/output error');
    const input = openInput('/proc/self/mem', streams(0).stdin);
    await expect(readUpTo(input, 1)).rejects.toThrow(error);
    input.close();
    expect(() => readSmallFile('/proc/self/mem', 1, 'CA file')).toThrow(error);
    expect(readFailed('stdin', new Error('odd')).message).toBe('cannot read stdin: unknown reason');
  });
});

describe('a FIFO', () => {
  it('is opened as an input when it is read, not before', async () => {
    const path = fifo();
    const input = openInput(path, streams(0).stdin);
    expect([input.identity, input.size]).toEqual([undefined, undefined]);
    spawn('sh', ['-c', `echo late > '${path}'`]);
    expect((await readUpTo(input, 100)).bytes.toString()).toBe('late\n');
    input.close();
    input.close();
  });

  it('is reported when it cannot be opened any more', async () => {
    const path = fifo();
    const input = openInput(path, streams(0).stdin);
    execFileSync('rm', [path]);
    await expect(readUpTo(input, 1)).rejects.toThrow(failure('file-not-found', path));
  });

  it('carries a small file', () => {
    const path = fifo();
    spawn('sh', ['-c', `exec 3> '${path}'; echo one >&3; sleep 0.1; echo two >&3`]);
    expect(readSmallFile(path, 100, 'public key file').toString()).toBe('one\ntwo\n');
  });

  it('is written in place, and needs no force', async () => {
    const path = fifo();
    const received = workspace()('received');
    const reader = spawn('sh', ['-c', `cat '${path}' > '${received}'`]);
    const ended = new Promise((resolve) => reader.once('close', resolve));
    const out = output(path);
    out.check();
    await out.write(Buffer.from('one '));
    await out.write(Buffer.from('two'));
    await out.commit();
    await ended;
    expect(readFileSync(received, 'utf8')).toBe('one two');
    expect(statSync(path).isFIFO()).toBe(true);
  });
});

describe('a device', () => {
  it('that is full fails', async () => {
    await expect(output('/dev/full').write(Buffer.from('x'))).rejects.toThrow(
      failure('write-failed', '"/dev/full": no space left'),
    );
  });

  it('can be given up', async () => {
    const out = output('/dev/null');
    await out.write(Buffer.from('x'));
    out.abort();
    await expect(out.write(Buffer.from('x'))).rejects.toThrow('ended');
  });

  it('behind a descriptor must be open', () => {
    const fd = open('/dev/null', 'w');
    expect(() => output(`/dev/fd/${fd}`).check()).not.toThrow();
    expect(() => output('/dev/fd/9999').check()).toThrow(failure('write-failed', 'does not exist'));
  });

  it('cannot be a socket', async () => {
    const path = workspace()('socket');
    execFileSync('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind('${path}')`]);
    expect(() => output(path).check()).toThrow(failure('file-exists', path));
    expect(() => readSmallFile(path, 1, 'CA file')).toThrow(failure('read-failed', 'no such device'));
    await expect(output(path, true).commit()).rejects.toThrow(failure('write-failed', 'no such device'));
  });
});

describe('a signal', () => {
  it('goes to the latest listener, until that is released', async () => {
    const seen: string[] = [];
    const release = ['outer', 'inner'].map((name) =>
      interceptSignals((signal) => seen.push(`${name} ${signal}`)),
    );
    const raise = async () => {
      process.kill(process.pid, 'SIGHUP');
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await raise();
    release[1]?.();
    release[1]?.();
    await raise();
    release[0]?.();
    expect(seen).toEqual(['inner SIGHUP', 'outer SIGHUP']);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });
});
