import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { Device } from '../../src/io/device.js';
import { readDescriptor, writeDescriptor } from '../../src/io/descriptor.js';
import { workspace } from './workspace.js';

function fifo(): { path: string; fd: number } {
  const path = workspace()('fifo');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(fd);
  });
  return { path, fd };
}

it('a device takes nothing more when it is closed, and may be closed twice', async () => {
  const { path, fd } = fifo();
  const device = new Device(path);
  await device.write(Buffer.from('before'));
  device.commit();
  await device.write(Buffer.from('after'));
  device.commit();
  device.abort();
  const buffer = Buffer.alloc(100);
  expect(buffer.toString('utf8', 0, readSync(fd, buffer))).toBe('before');
});

it('a device without bytes is at its end', async () => {
  const fd = openSync('/dev/null', 'r');
  onTestFinished(() => {
    closeSync(fd);
  });
  for await (const chunk of readDescriptor(fd, 'nothing')) expect.fail(`${chunk.length} bytes`);
});

it('a pipe that is full already when something is written takes it when there is room', async () => {
  const { fd } = fifo();
  await writeDescriptor(fd, Buffer.alloc(65_536, 'a'), 'the pipe');
  const written = writeDescriptor(fd, Buffer.from('the rest'), 'the pipe');
  const buffer = Buffer.alloc(65_536);
  expect(readSync(fd, buffer)).toBe(65_536);
  await written;
  expect(buffer.toString('utf8', 0, readSync(fd, buffer))).toBe('the rest');
});
