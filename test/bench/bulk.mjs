/**
 * Large files beside `age` (Debian's 1.1.1), in memory (/dev/shm), in turns. `bulk-encrypt-file`, `bulk-decrypt-file`: 1 GiB
 * from a file to a file. `bulk-encrypt-pipe`, `bulk-decrypt-pipe`: from `cat` to `cat`. `bulk-small`: 1 MiB, less the time
 * for an empty file.
 *
 * Our files are for a KMS key and an age recipient; both programs open them with the age identity, so no call to KMS is in
 * the figures. A ratio is the median over batches of median over median.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KMS_ASYM } from './emulator-process.mjs';
import { median } from './measure.mjs';

const BATCHES = 3;
const RUNS = 5;
/** Small ones take milliseconds. */
const SMALL_RUNS = 25;

/** Most over age. */
const LIMITS = {
  'bulk-encrypt-file': 0.87,
  'bulk-decrypt-file': 0.67,
  'bulk-encrypt-pipe': 1.2,
  'bulk-decrypt-pipe': 1.2,
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
    return suite(new Bench(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function large(name, bench) {
  const [, work, way] = name.split('-');
  bench.makePlain('plain', 1024);
  bench.sh(bench.commands.ours.encrypt.file('plain', 'sealed'));
  const input = work === 'encrypt' ? 'plain' : 'sealed';
  for (const tool of ['age', 'ours']) bench.verify(tool, work, way);
  const { age, ours } = bench.commands;
  const lines = { age: age[work][way](input, 'out'), ours: ours[work][way](input, 'out') };
  const batches = Array.from({ length: BATCHES }, () => bench.batch(lines, RUNS));
  return rows(`1 GiB, ${work}, ${way} to ${way}`, batches, LIMITS[name]);
}

function small(bench) {
  bench.makePlain('plain', 1);
  bench.makePlain('empty', 0);
  return ['encrypt', 'decrypt'].flatMap((work) => {
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
    const batches = Array.from({ length: BATCHES }, () => bench.batch(lines, SMALL_RUNS));
    const less = batches.map((ms) => ({ age: ms.age - ms.ageStart, ours: ms.ours - ms.oursStart }));
    return rows(`1 MiB, ${work}, less start-up`, less, 1.5);
  });
}

function rows(name, batches, limit) {
  const of = (pick) => median(batches.map(pick));
  const ratios = batches.map(({ age, ours }) => (ours / age).toFixed(2));
  return [
    { name: `age: ${name}`, value: of(({ age }) => age), unit: 'ms' },
    {
      name: `kms-asym: ${name}`,
      value: of(({ ours }) => ours),
      unit: 'ms',
      ratio: of(({ age, ours }) => ours / age),
      limit,
      note: `batches ${ratios.join(', ')}`,
    },
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
      for (const [name, line] of Object.entries(lines)) {
        const start = performance.now();
        this.sh(line);
        times[name].push(performance.now() - start);
        rmSync(path.join(this.folder, 'out'), { force: true });
      }
    }
    return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
  }
}

/** One program from a file to a file, and between two pipes. */
function ways(program) {
  return {
    file: (input, out) => `${program} -o ${out} ${input}`,
    pipe: (input, _out, reader = 'cat > /dev/null') => `cat ${input} | ${program} | ${reader}`,
  };
}
