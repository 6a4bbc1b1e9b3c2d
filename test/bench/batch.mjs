/**
 * A thousand small ciphertexts in one run of `decrypt`: beside a thousand runs of it, and beside what a client at least has
 * to do, which is to sign each request and to wait for its answer.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from './connection.mjs';
import { KMS_ASYM, startEmulator } from './emulator-process.mjs';
import { median } from './measure.mjs';
import { SignedClient } from './signed-client.mjs';

const FILES = 1000;
const SINGLE_RUNS = 50;
const AT_ONCE = 16;
const TURNS = 5;
/** Most of the time of as many runs, and most over the bare loop. */
const LIMITS = { runs: 1 / 50, loop: 1.5 };

/** Runs the suite in a folder of its own, with an emulator in a process of its own. */
export async function batch() {
  const folder = mkdtempSync(path.join(tmpdir(), 'kms-asym-bench-'));
  const emulator = await startEmulator('software');
  try {
    const kms = kmsIn(folder, emulator.env);
    const names = makeFiles(folder, kms);
    const loop = await BareLoop.of(emulator, kms, path.join(folder, 'encrypted'));
    const times = { runs: [], loop: [], batch: [] };
    // In turns, so that a busy moment of the machine meets all of them alike. The first turn warms up.
    for (let turn = 0; turn <= TURNS; turn++) {
      const chosen = names.slice(
        (turn * SINGLE_RUNS) / (TURNS + 1),
        ((turn + 1) * SINGLE_RUNS) / (TURNS + 1),
      );
      const runs = chosen.map((name) =>
        timeOf(() => kms('decrypt', ...KEY, `encrypted/${name}`, '-o', `${turn}-${name}`)),
      );
      const loopMs = await loop.run();
      const out = `out-${turn}`;
      const batchMs = timeOf(() =>
        kms('decrypt', ...KEY, 'encrypted', '--output-dir', out, '--qps', '0', '-q'),
      );
      if (readdirSync(path.join(folder, out)).length !== FILES) throw new Error('files are missing');
      if (turn === 0) continue;
      times.runs.push(...runs);
      times.loop.push(loopMs);
      times.batch.push(batchMs);
    }
    return rows(times);
  } finally {
    emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const KEY = ['--public-key', 'key.pem'];

function rows(times) {
  const all = median(times.runs) * FILES;
  const value = median(times.batch);
  const loop = median(times.batch.map((ms, turn) => ms / times.loop[turn]));
  const unit = 'ms';
  const singly = `${FILES} runs of decrypt`;
  const bare = `bare signed loop, ${AT_ONCE} at once`;
  const together = `one decrypt --qps 0 of ${FILES} files`;
  return [
    { name: singly, value: all, unit, note: `from ${times.runs.length}` },
    { name: bare, value: median(times.loop), unit },
    { name: together, value, unit, ratio: value / all, yardstick: singly, limit: LIMITS.runs },
    { name: together, value, unit, ratio: loop, yardstick: bare, limit: LIMITS.loop },
  ];
}

function kmsIn(cwd, env) {
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [KMS_ASYM, ...args], {
      cwd,
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${args.join(' ')}\n${stderr}`);
    return stdout;
  };
}

function timeOf(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function makeFiles(folder, kms) {
  kms('get-public-key', '--key-id', kms('create-key', '-q').trim(), '-o', 'key.pem');
  mkdirSync(path.join(folder, 'plain'));
  const names = Array.from({ length: FILES }, (_, index) => `${index}`);
  for (const name of names) writeFileSync(path.join(folder, 'plain', name), `secret number ${name}`);
  kms('encrypt', ...KEY, 'plain', '--output-dir', 'encrypted', '--format', 'oaep', '-q');
  return names.map((name) => `${name}.enc`);
}

/** As little as a client can do: signs, sends, and looks at the status of the answer; files are read before. */
class BareLoop {
  static async of(emulator, kms, folder) {
    const loop = new BareLoop();
    loop.client = new SignedClient(emulator);
    const lines = readFileSync(path.join(folder, '..', 'key.pem'), 'utf8');
    const [, KeyId] = /^KeyId: (\S+)$/m.exec(lines);
    const [, KeyVersionId] = /^KeyVersionId: (\S+)$/m.exec(lines);
    loop.queries = readdirSync(folder).map((name) => ({
      KeyId,
      KeyVersionId,
      Algorithm: 'RSAES_OAEP_SHA_256',
      CiphertextBlob: readFileSync(path.join(folder, name)).toString('base64'),
    }));
    return loop;
  }

  async run() {
    const start = performance.now();
    const queue = this.queries.values();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(queue)));
    return performance.now() - start;
  }

  async #work(queue) {
    const connection = await Connection.open(this.client.host);
    for (const query of queue) {
      const status = await connection.send(this.client.bytes('AsymmetricDecrypt', query));
      if (status !== 200) throw new Error(`refused with ${status}`);
    }
    connection.close();
  }
}
