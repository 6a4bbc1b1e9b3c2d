/**
 * A program that changes files and dies at chosen moments, by SIGKILL. `tear FILE HEAD N`: after N bytes of the new head
 * (-1: before the first). `copy FILE HEAD`: in the middle of a copy. `slow FILE`: copies without an end, until a signal. `hold FILE`: keeps the lock until it is killed.
 * `replace FILE HEAD`: does it properly and says how, or why not.
 */
import fs from 'node:fs';
import { EditableFile } from '../../src/io/editable-file.js';
import { Journal } from '../../src/io/journal.js';

const [command, file = '', head = '', count = '0'] = process.argv.slice(2);
const after = Buffer.from(head);
const CAUTIOUS = { followLinks: false, changeReadOnly: false };
const die = (): void => void process.kill(process.pid, 'SIGKILL');

function tear(): void {
  const fd = fs.openSync(file, 'r+');
  const { size, uid } = fs.fstatSync(fd);
  const before = Buffer.alloc(after.length);
  fs.readSync(fd, before, 0, before.length, 0);
  const journal = Journal.lock(file, uid, file);
  journal.record({ size, before, after });
  if (Number(count) > 0) fs.writeSync(fd, after, 0, Number(count), 0);
  die();
}

async function copy(): Promise<void> {
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(after);
    die();
  };
  await new EditableFile(file, CAUTIOUS).replaceAll(Buffer.alloc(0), content());
}

async function slow(): Promise<void> {
  const piece = Buffer.alloc(1024 * 1024);
  // eslint-disable-next-line @typescript-eslint/require-await -- it never waits: that is what is tried
  const content = async function* (): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 1024; count += 1) {
      if (count === 32) process.stdout.write('copying\n');
      yield piece;
    }
  };
  await new EditableFile(file, CAUTIOUS).replaceAll(Buffer.alloc(0), content());
}

function hold(): void {
  Journal.lock(file, fs.statSync(file).uid, file);
  process.stdout.write('held\n');
  setInterval(() => undefined, 1000);
}

async function replace(): Promise<void> {
  const edited = new EditableFile(file, CAUTIOUS);
  const before = Buffer.alloc(after.length);
  for await (const chunk of edited.chunks()) {
    before.set(chunk.subarray(0, before.length));
    break;
  }
  process.stdout.write(`${await edited.replaceHead(before, after)}\n`);
  edited.close();
}

const commands: Record<string, () => void | Promise<void>> = { tear, copy, slow, hold, replace };

Promise.resolve(commands[command ?? '']?.()).catch((error: unknown) => {
  process.stdout.write(`${(error as Error).message}\n`);
});
