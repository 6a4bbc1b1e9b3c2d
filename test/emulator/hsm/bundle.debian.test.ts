/** The HSM as it is shipped: bundled, in programs of their own, with the optional binding and without it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const sandbox = mkdtempSync(path.join(tmpdir(), 'kms-asym-bundle-'));

beforeAll(async () => {
  const input = path.resolve(import.meta.dirname, '../../../src/emulator/hsm/open.ts');
  const bundle = await rolldown({ input, platform: 'node', external: ['pkcs11js'] });
  for (const place of ['with', 'without']) {
    for (const format of ['cjs', 'esm'] as const) {
      const dir = path.join(sandbox, place, format);
      await bundle.write({ dir, format, entryFileNames: format === 'cjs' ? 'open.cjs' : 'open.mjs' });
    }
  }
  await bundle.close();
  const binding = path.dirname(createRequire(import.meta.url).resolve('pkcs11js'));
  mkdirSync(path.join(sandbox, 'with', 'node_modules'));
  symlinkSync(binding, path.join(sandbox, 'with', 'node_modules', 'pkcs11js'));
  mkdirSync(path.join(sandbox, 'tmp'));
});

afterAll(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

interface Outcome {
  readonly backend?: string;
  readonly plaintext?: string;
  readonly notices: string[];
  readonly error?: { message: string; hints: string[] };
}

const PROGRAM = `
async function main({ openHsm }, choice, report, shouldClose) {
  const { constants, createPublicKey, publicEncrypt } = await import('node:crypto');
  const notices = [];
  try {
    const hsm = await openHsm(choice, { onNotice: (line) => notices.push(line) });
    const { ref, publicKeyDer } = await hsm.generateKey('RSA_2048');
    const key = createPublicKey({ key: Buffer.from(publicKeyDer), format: 'der', type: 'spki' });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const ciphertext = publicEncrypt({ key, padding, oaepHash: 'sha256' }, Buffer.from('hello'));
    const plaintext = await hsm.decrypt(ref, 'RSAES_OAEP_SHA_256', ciphertext);
    if (shouldClose) await hsm.close();
    report({ backend: hsm.backend, plaintext: Buffer.from(plaintext).toString(), notices });
  } catch ({ message, hints }) {
    report({ notices, error: { message, hints } });
  }
}
`;

function run(place: 'with' | 'without', format: 'cjs' | 'esm', choice: string, rest = ', true'): Outcome {
  const directory = path.join(sandbox, place, format);
  const load = format === 'cjs' ? `Promise.resolve(require('./open.cjs'))` : `import('./open.mjs')`;
  const call = `${load}.then((hsm) => main(hsm, ${JSON.stringify(choice)}, (o) => console.log(JSON.stringify(o))${rest}));`;
  return runProgram(path.join(directory, format === 'cjs' ? 'main.cjs' : 'main.mjs'), PROGRAM + call);
}

function runProgram(file: string, text: string): Outcome {
  writeFileSync(file, text);
  const env = { ...process.env, TMPDIR: path.join(sandbox, 'tmp') };
  const result = spawnSync(process.execPath, [file], { encoding: 'utf8', env, timeout: 20_000 });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return JSON.parse(result.stdout) as Outcome;
}

describe.each(['cjs', 'esm'] as const)('bundled as %s', (format) => {
  it('uses SoftHSM where the binding is installed', () => {
    const outcome = run('with', format, 'auto');
    expect(outcome).toEqual({ backend: 'softhsm', plaintext: 'hello', notices: [] });
    expect(readdirSync(path.join(sandbox, 'tmp'))).toEqual([]);
  });

  it('falls back to software where it is not, and says so in one line', () => {
    expect(run('without', format, 'auto')).toEqual({
      backend: 'software',
      plaintext: 'hello',
      notices: [
        'keys are kept in software, not in an HSM: the PKCS#11 binding "pkcs11js" is missing or was not built',
      ],
    });
  });

  it.each(['softhsm', 'pkcs11:token=x?module-name=softhsm2&pin-value=1234'])(
    'does not fall back when %s was asked for',
    (choice) => {
      const { error } = run('without', format, choice);
      expect(error?.message).toBe('the PKCS#11 binding "pkcs11js" is missing or was not built');
      expect(error?.hints).toHaveLength(2);
    },
  );

  it.each(['software', 'softhsm'])('never keeps the process alive while %s is idle', (choice) => {
    expect(run('with', format, choice, ', false').plaintext).toBe('hello');
    rmSync(path.join(sandbox, 'tmp'), { recursive: true });
    mkdirSync(path.join(sandbox, 'tmp'));
  });
});

it('falls back to software in a worker thread, which cannot configure SoftHSM', () => {
  const worker = path.join(sandbox, 'with', 'cjs', 'worker.cjs');
  const post = `(outcome) => require('node:worker_threads').parentPort.postMessage(outcome)`;
  writeFileSync(worker, `${PROGRAM} main(require('./open.cjs'), 'auto', ${post}, true);`);
  const start = `new (require('node:worker_threads').Worker)(${JSON.stringify(worker)})`;
  const outcome = runProgram(
    path.join(sandbox, 'with', 'cjs', 'parent.cjs'),
    `${start}.on('message', (outcome) => console.log(JSON.stringify(outcome)));`,
  );
  expect(outcome.backend).toBe('software');
  expect(outcome.notices).toEqual([
    'keys are kept in software, not in an HSM: SoftHSM can only be opened on the main thread',
  ]);
});
