import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, packAndInstall } from './install.js';
import { smoke } from './smoke.js';

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
    expect(new Set(versions).size).toBe(1);
    expect(versions[0]).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('brings an executable file', () => {
    const { mode } = statSync(join(installation.package, 'dist', 'kms-asym.cjs'));
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

  it.each([['--help'], ['encrypt', '--public-key', 'public.pem', 'package.json', '-o', 'loaded.enc']])(
    'loads one file to run %s',
    (...args) => {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
      writeFileSync(
        join(installation.folder, 'public.pem'),
        pair.publicKey.export({ type: 'spki', format: 'pem' }),
      );
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
      const bin = join(installation.package, 'dist', 'kms-asym.cjs');
      const run = spawnSync(process.execPath, ['-e', script, bin, ...args], {
        cwd: installation.folder,
        encoding: 'utf8',
      });
      expect(run.status, run.stderr).toBe(0);
      const main = join(realpathSync(installation.package), 'dist', 'chunks', 'main.cjs');
      expect(JSON.parse(run.stderr)).toEqual([[main, false]]);
    },
  );

  it('works on this Node', () => {
    smoke(installation, [process.execPath]);
  });
});
