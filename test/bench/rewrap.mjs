/**
 * `rewrap` where the header keeps its length: a file of 1 GiB beside one of 1 KiB, whose time is the yardstick. Each run
 * moves a file from one key to the other and must find it rewrapped in place.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KMS_ASYM, startEmulator } from './emulator-process.mjs';
import { mediansOf, rowOf, takeBatches } from './measure.mjs';

const SIZES = { '1 KiB': 1024, '1 GiB': 1024 ** 3 };

export async function rewrap({ runs }) {
  const emulator = await startEmulator('software');
  const dir = mkdtempSync(path.join(tmpdir(), 'kms-asym-bench-'));
  const run = (...args) =>
    execFileSync(process.execPath, [KMS_ASYM, ...args], { cwd: dir, env: emulator.env }).toString();
  try {
    const keys = ['one.pem', 'two.pem'];
    for (const name of keys) run('get-public-key', '--key-id', run('create-key', '-q').trim(), '-o', name);
    for (const [name, bytes] of Object.entries(SIZES)) makeFile(path.join(dir, name), bytes, run);
    let moves = 0;
    const batches = await takeBatches(() => {
      const times = Object.fromEntries(Object.keys(SIZES).map((name) => [name, []]));
      for (let index = 0; index < runs; index += 1) {
        moves += 1;
        for (const name of Object.keys(SIZES))
          times[name].push(rewrapOnce(path.join(dir, name), keys[moves % 2], run));
      }
      return mediansOf(times);
    });
    return [
      rowOf(batches, '1 KiB', { name: 'rewrap 1 KiB' }),
      rowOf(batches, '1 GiB', { name: 'rewrap 1 GiB', over: '1 KiB', yardstick: 'rewrap 1 KiB', limit: 2 }),
    ];
  } finally {
    emulator.stop();
    rmSync(dir, { recursive: true });
  }
}

/** On the disk before anything is timed: what is still to be written would be written on the rewrap's time. */
function makeFile(file, bytes, run) {
  const plain = `${file}.plain`;
  writeFileSync(plain, '');
  truncateSync(plain, bytes);
  run('encrypt', '--public-key', 'one.pem', '--format', 'age', plain, '-o', file);
  rmSync(plain);
  const fd = openSync(file, 'r+');
  fsyncSync(fd);
  closeSync(fd);
}

function rewrapOnce(file, to, run) {
  const { ino } = statSync(file);
  const start = performance.now();
  const { Status, Method } = JSON.parse(run('rewrap', '--to', to, '--json', file));
  const elapsed = performance.now() - start;
  if (Status !== 'rewrapped' || Method !== 'in place' || statSync(file).ino !== ino)
    throw new Error('not in place');
  return elapsed;
}
