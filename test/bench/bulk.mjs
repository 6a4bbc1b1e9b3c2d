/**
 * Large files beside `age` (Debian's 1.1.1), in memory (/dev/shm), in turns. `bulk-encrypt-file`, `bulk-decrypt-file`: 1 GiB
 * from a file to a file. `bulk-encrypt-pipe`, `bulk-decrypt-pipe`: from `cat` to `cat`. `bulk-small`: 1 MiB, less the time
 * for an empty file.
 *
 * Our files are for a KMS key and an age recipient; both programs open them with the age identity, so no call to KMS is in
 * the figures.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KMS_ASYM } from './emulator-process.mjs';
import { mediansOf, rowOf, shuffled, takeBatches } from './measure.mjs';

const RUNS = 5;
/** Small ones take milliseconds. */
const SMALL_RUNS = 25;
/** More than elsewhere: a virtual machine that gets its memory only when it is written to is slow the first times. */
const BATCHES = 5;

/** Most over age. */
const LIMITS = {
  'bulk-encrypt-file': 0.85,
  'bulk-decrypt-file': 0.6,
  'bulk-encrypt-pipe': 1.12,
  'bulk-decrypt-pipe': 1.12,
};

/** The suites by name. */
export const bulk = {
  ...Object.fromEntries(
    Object.keys(LIMITS).map((name) => [name, () => inFolder((folder) => large(name, folder))]),
  ),
  'bulk-small': () => inFolder(small),
};

async function inFolder(suite) {
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kms-asym-bench-'));
  try {
    return await suite(new Bench(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function large(name, bench) {
  const [, work, way] = name.split('-');
  bench.makePlain('plain', 1024);
  bench.sh(bench.commands.ours.encrypt.file('plain', 'sealed'));
  const input = work === 'encrypt' ? 'plain' : 'sealed';
  for (const tool of ['age', 'ours']) bench.verify(tool, work, way);
  const { age, ours } = bench.commands;
  const lines = { age: age[work][way](input, 'out'), ours: ours[work][way](input, 'out') };
  const batches = await takeBatches(() => bench.batch(lines, RUNS), BATCHES);
  return rows(`1 GiB, ${work}, ${way} to ${way}`, batches, LIMITS[name]);
}

async function small(bench) {
  bench.makePlain('plain', 1);
  bench.makePlain('empty', 0);
  const all = [];
  for (const work of ['encrypt', 'decrypt']) {
    const inputs = { plain: 'plain', empty: 'empty' };
    if (work === 'decrypt') {
      for (const name of ['plain', 'empty']) {
        inputs[name] = `${name}.age`;
        bench.sh(bench.commands.ours.encrypt.file(name, inputs[name]));
      }
    }
    const line = (tool, name) => bench.commands[tool][work].file(inputs[name], 'out');
    const lines = { age: line('age', 'plain'), ageStart: line('age', 'empty') };
    Object.assign(lines, { ours: line('ours', 'plain'), oursStart: line('ours', 'empty') });
    const batches = await takeBatches(() => {
      const ms = bench.batch(lines, SMALL_RUNS);
      return { age: ms.age - ms.ageStart, ours: ms.ours - ms.oursStart };
    }, BATCHES);
    all.push(...rows(`1 MiB, ${work}, less start-up`, batches, 1.5));
  }
  return all;
}

function rows(what, batches, limit) {
  return [
    rowOf(batches, 'age', { name: `age: ${what}` }),
    rowOf(batches, 'ours', { name: `kms-asym: ${what}`, over: 'age', limit }),
  ];
}

/** A folder with keys, and the commands that are compared in it. */
class Bench {
  constructor(folder) {
    this.folder = folder;
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(path.join(folder, 'key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    this.sh('age-keygen -o identity 2> keygen');
    const recipient = this.sh('age-keygen -y identity').trim();
    const ours = `'${process.execPath}' '${KMS_ASYM}'`;
    this.commands = {
      age: {
        encrypt: ways(`age -r ${recipient}`),
        decrypt: ways('age -d -i identity'),
      },
      ours: {
        encrypt: ways(`${ours} encrypt --public-key key.pem -r ${recipient} --format age`),
        decrypt: ways(`${ours} decrypt -i identity`),
      },
    };
  }

  makePlain(name, mebibytes) {
    if (mebibytes > 0) this.sh(`head -c ${mebibytes * 2 ** 20} /dev/urandom > ${name}`);
    else closeSync(openSync(path.join(this.folder, name), 'w'));
  }

  sh(line) {
    return execFileSync('sh', ['-c', line], { cwd: this.folder, encoding: 'utf8' });
  }

  /** What is timed does what it should; warms up, too. */
  verify(tool, work, way) {
    const { encrypt, decrypt } = this.commands[tool];
    if (work === 'encrypt' && way === 'file') {
      this.sh(`${encrypt.file('plain', 'out')} && age -d -i identity out | cmp - plain && rm out`);
    } else if (work === 'encrypt') {
      this.sh(`${encrypt.pipe('plain', '', 'cat')} | age -d -i identity | cmp - plain`);
    } else if (way === 'file') {
      this.sh(`${decrypt.file('sealed', 'out')} && cmp out plain && rm out`);
    } else {
      this.sh(`${decrypt.pipe('sealed', '', 'cat')} | cmp - plain`);
    }
  }

  /** Median times of lines of shell in milliseconds, by name; they take turns. */
  batch(lines, runs) {
    const times = Object.fromEntries(Object.keys(lines).map((name) => [name, []]));
    for (let run = 0; run < runs; run += 1) {
      for (const [name, line] of shuffled(Object.entries(lines))) {
        const start = performance.now();
        this.sh(line);
        times[name].push(performance.now() - start);
        rmSync(path.join(this.folder, 'out'), { force: true });
      }
    }
    return mediansOf(times);
  }
}

/** One program from a file to a file, and between two pipes. */
function ways(program) {
  return {
    file: (input, out) => `${program} -o ${out} ${input}`,
    pipe: (input, _out, reader = 'cat > /dev/null') => `cat ${input} | ${program} | ${reader}`,
  };
}
