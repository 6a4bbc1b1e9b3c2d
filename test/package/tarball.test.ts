import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeKmsRecipient } from '../../src/age/kms-recipient-string.js';
import { parsePublicKey, requireEncryptionKey } from '../../src/crypto/public-key.js';
import { VERSION } from '../../src/version.js';
import { type Installation, packAndInstall } from './install.js';
import { smoke } from './smoke.js';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** What an age client says to have a file key wrapped, its answer included. */
function wrapFileKey(): string {
  const key = requireEncryptionKey(
    parsePublicKey(publicKey.export({ type: 'spki', format: 'der' }), 'key'),
    'key',
  );
  const locator = { region: 'cn-hangzhou', keyId: 'key', keyVersionId: 'version' };
  const order = [
    `add-recipient ${encodeKmsRecipient({ key, locator })}\n`,
    `wrap-file-key\n${'A'.repeat(22)}`,
  ];
  return [...order, 'done\n', 'ok\n'].map((command) => `-> ${command}\n`).join('');
}

describe('the packed package', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = packAndInstall();
  });
  afterAll(() => {
    installation.remove();
  });

  it('holds the build, its licences and nothing of the sources', () => {
    const top = installation.packedFiles.filter((file) => !file.startsWith('dist/'));
    expect(top.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
    const kinds =
      /^dist\/((kms-asym|age-plugin-alikms)\.cjs|chunks\/[\w-]+\.cjs(\.[\w.-]+\.v8)?|lib\/([\w/-]+)\.js|types\/[\w/-]+\.d\.ts|THIRD-PARTY-LICENSES\.txt)$/;
    const dist = installation.packedFiles.filter((file) => file.startsWith('dist/'));
    expect(dist.filter((file) => !kinds.test(file))).toEqual([]);
    const missing = [
      'dist/kms-asym.cjs',
      'dist/age-plugin-alikms.cjs',
      'dist/chunks/second-thread.cjs',
      'dist/lib/index.js',
      'dist/types/src/index.d.ts',
      'dist/THIRD-PARTY-LICENSES.txt',
    ];
    expect(missing.filter((file) => !dist.includes(file))).toEqual([]);
  });

  it('installs alone, in less than 12 MB', () => {
    const modules = join(installation.folder, 'node_modules');
    expect(readdirSync(modules).filter((name) => !name.startsWith('.'))).toEqual(['kms-asym']);
    const files = readdirSync(modules, { recursive: true, encoding: 'utf8' }).map((name) =>
      statSync(join(modules, name)),
    );
    expect(files.reduce((sum, file) => sum + file.size, 0)).toBeLessThan(12_000_000);
  });

  it('needs no vendor types to be compiled against', () => {
    const types = installation.packedFiles.filter((file) => file.endsWith('.d.ts'));
    const vendor = types.filter((file) =>
      /from '[^.n]|from 'n(?!ode:)/.test(readFileSync(join(installation.package, file), 'utf8')),
    );
    expect(vendor).toEqual([]);
  });

  it('puts the command on the path, locally and globally', () => {
    const shell = process.platform === 'win32';
    const versions = installation.commands.map((command) =>
      execFileSync(command, ['--version'], { encoding: 'utf8', shell }),
    );
    expect(new Set(versions)).toEqual(new Set([`${VERSION}\n`]));
  });

  it.each(['kms-asym', 'age-plugin-alikms'])('brings %s as an executable file', (name) => {
    const { mode } = statSync(join(installation.package, 'dist', `${name}.cjs`));
    expect(process.platform === 'win32' || (mode & 0o111) === 0o111).toBe(true);
  });

  it('bundles vendor code that loads, also what start-up leaves out', () => {
    const chunks = join(installation.package, 'dist', 'chunks');
    const required = (name: string) =>
      [...readFileSync(join(chunks, name), 'utf8').matchAll(/require\("\.\/([^"]+)"\)/g)].map(
        ([, file = '']) => file,
      );
    // Whatever leads to the executable would run it.
    const leadsToMain = (name: string, seen = new Set([name])): boolean =>
      required(name).some(
        (file) => file === 'main.cjs' || (!seen.has(file) && leadsToMain(file, seen.add(file))),
      );
    const standalone = readdirSync(chunks).filter(
      (name) => /^(?!main|plugin).*\.cjs$/.test(name) && !leadsToMain(name),
    );
    expect(standalone).toContain('lodash.cjs');
    const script = `for (const name of process.argv.slice(1)) require('./' + name);`;
    execFileSync(process.execPath, ['-e', script, ...standalone], { cwd: chunks, stdio: 'pipe' });
  });

  it.each<[string, string, string[], string]>([
    ['kms-asym', 'main', ['--help'], ''],
    ['kms-asym', 'main', ['encrypt', '--public-key', 'public.pem', 'package.json', '-o', 'loaded.enc'], ''],
    ['age-plugin-alikms', 'plugin', ['--age-plugin=recipient-v1'], wrapFileKey()],
  ])('loads one file to run %s, %s.cjs, with %j', (name, bundle, args, input) => {
    writeFileSync(join(installation.folder, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    // Lists what the executable compiles, and whether V8 took the form made ahead.
    const script = `const vm = require('node:vm');
        const compiled = [];
        vm.Script = class extends vm.Script {
          constructor(source, options) {
            super(source, options);
            compiled.push([options.filename, this.cachedDataRejected]);
          }
        };
        process.on('exit', () => process.stderr.write(JSON.stringify(compiled)));
        require(process.argv[1]);`;
    const bin = join(installation.package, 'dist', `${name}.cjs`);
    const run = spawnSync(process.execPath, ['-e', script, bin, ...args], {
      cwd: installation.folder,
      encoding: 'utf8',
      input,
    });
    expect(run.status, run.stderr).toBe(0);
    const file = join(realpathSync(installation.package), 'dist', 'chunks', `${bundle}.cjs`);
    expect(JSON.parse(run.stderr)).toEqual([[file, false]]);
  });

  it('works on this Node', () => {
    smoke(installation, [process.execPath]);
  });
});
