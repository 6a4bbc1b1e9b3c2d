import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockDirectory } from '../../../src/emulator/state/lock.js';
import { isRunning, ownIdentity } from '../../../src/emulator/state/process-identity.js';
import { freshPath } from './directory.js';

function freshDirectory(): string {
  const directory = freshPath();
  mkdirSync(directory);
  return directory;
}

const inUse = (directory: string, pid = process.pid) => ({
  name: 'KmsAsymError',
  code: 'emulator',
  message: `the state directory "${directory}" is in use by process ${pid}`,
  hints: ['stop that emulator first, or give this one a state directory of its own'],
});

const entry = (index: number, what: string) => `\n${index.toString(16).padStart(16, '0')} ${what}\n`;

describe('the lock of a directory', () => {
  it('lets one in at a time, and names the process that is in', async () => {
    const directory = freshDirectory();
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject(inUse(directory));
    await lock.release();
    const next = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject(inUse(directory));
    await next.release();
    expect(statSync(path.join(directory, 'lock')).mode & 0o777).toBe(0o600);
  });

  it('lets exactly one of many simultaneous starters in', async () => {
    for (let round = 0; round < 20; round += 1) {
      const directory = freshDirectory();
      writeFileSync(path.join(directory, 'lock'), entry(1, '999999999 1'));
      const starters = await Promise.allSettled(Array.from({ length: 12 }, () => lockDirectory(directory)));
      expect(starters.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  it('lets exactly one of several processes in', async () => {
    const directory = freshDirectory();
    const { startTime } = await ownIdentity();
    // What each of them does, without the modules: append, then look who was first.
    const script = `
      const fs = require('node:fs');
      const [path, id] = process.argv.slice(1);
      fs.appendFileSync(path, '\\n' + id + ' ' + ${process.pid} + ' ${startTime}\\n');
      process.stdout.write(fs.readFileSync(path, 'utf8').split('\\n').find((line) => line !== '').slice(0, 16));`;
    const ids = Array.from({ length: 4 }, (_, index) => String(index).repeat(16));
    const winners = await Promise.all(
      ids.map(async (id) => {
        const child = spawn(process.execPath, ['-e', script, path.join(directory, 'lock'), id]);
        let said = '';
        child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
        await once(child, 'close');
        return said;
      }),
    );
    expect(new Set(winners).size).toBe(1);
    await expect(lockDirectory(directory)).rejects.toMatchObject(inUse(directory));
  });

  it('passes over processes that were killed', async () => {
    const directory = freshDirectory();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const stat = await ownIdentity().then(() => readStart(pid));
    appendFileSync(path.join(directory, 'lock'), entry(1, `${pid} ${stat}`));
    await expect(lockDirectory(directory)).rejects.toMatchObject(inUse(directory, pid));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockDirectory(directory)).release();
  });

  it('is not fooled by another process with the same number', async () => {
    const directory = freshDirectory();
    const { pid, startTime } = await ownIdentity();
    // Without /proc, only the number counts.
    if (startTime === '') return;
    appendFileSync(path.join(directory, 'lock'), entry(1, `${pid} ${Number(startTime) - 1}`));
    await (await lockDirectory(directory)).release();
    appendFileSync(path.join(directory, 'lock'), entry(2, `${pid} `));
    await expect(lockDirectory(directory)).rejects.toMatchObject(inUse(directory));
  });

  it('passes over lines that a power loss cut short', async () => {
    const directory = freshDirectory();
    const file = path.join(directory, 'lock');
    writeFileSync(file, `${'a'.repeat(16)} ${process.pid} ${'9'.repeat(30)}`.slice(0, 19));
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject(inUse(directory));
    await lock.release();
    // Number 0 would stand for whoever asks.
    for (const line of [Buffer.from([0, 0, 0xff, 0xfe, 10, 0]), `${'a'.repeat(16)} 0 \n`]) {
      writeFileSync(file, line);
      await (await lockDirectory(directory)).release();
    }
  });
});

describe('a process', () => {
  it('that belongs to somebody else runs, and one that ended does not', async () => {
    expect(await isRunning({ pid: 1, startTime: '' })).toBe(true);
    expect(await isRunning({ pid: 999_999_999, startTime: '' })).toBe(false);
  });

  it('that ended does not run, although its parent has not asked yet', async () => {
    // The shell becomes `sleep`, which never asks for its child.
    const child = spawn('sh', ['-c', 'sh -c "echo \\$\\$" & exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await expect.poll(() => isRunning({ pid, startTime: '' })).toBe(false);
  });
});

/** Empty where there is no /proc. */
function readStart(pid: number): string {
  try {
    return (
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19] ?? ''
    );
  } catch {
    return '';
  }
}
