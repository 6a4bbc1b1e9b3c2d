/**
 * Builds `dist/`:
 *
 *   kms-asym.cjs, chunks/      the executable: CommonJS, which starts faster than ES modules; whatever the sources
 *                              import dynamically, and vendor code that our paths rarely touch, in files of its own
 *   lib/index.js, lib/chunks/  the library as ES modules; shares the postponed vendor files of `chunks/`
 *   types/                     declarations of what src/index.ts reaches
 *   THIRD-PARTY-LICENSES.txt   licences of all bundled packages
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { lazyRequires } from './lazy-requires.mjs';
import { thirdPartyLicenses } from './third-party-licenses.mjs';

const ROOT = path.dirname(import.meta.dirname);
const DIST = path.join(ROOT, 'dist');

/** Found by profiling what a run of `decrypt` loads without need: each costs milliseconds or is large. */
const LAZY_BUILTINS = ['assert', 'child_process', 'crypto', 'dns', 'http', 'https', 'net', 'os', 'querystring'];
LAZY_BUILTINS.push('stream', 'tls', 'tty', 'url', 'zlib');
const LAZY_PACKAGES = ['http-proxy-agent', 'https-proxy-agent', 'httpx', 'ini', 'lodash', 'moment'];
LAZY_PACKAGES.push('socks-proxy-agent', 'ws', 'xml2js');

/** Optional parts of vendor packages, which their code looks for in a `try`: never there. */
const ABSENT = ['bufferutil', 'supports-color', 'utf-8-validate'];

const postponed = new Map();
const bundledFiles = new Set([createRequire(import.meta.url).resolve('rolldown/package.json')]);

const absentModules = {
  name: 'absent-modules',
  resolveId: (source) => (ABSENT.includes(source) ? `\0absent:${source}` : null),
  load: (id) => (id.startsWith('\0absent:') ? { code: `throw new Error('not bundled');`, moduleType: 'js' } : null),
};

async function bundle(input, { packages, folder, output }) {
  const options = { builtins: LAZY_BUILTINS, packages, startPackages: ['chalk', 'commander'], folder, postponed };
  const build = await rolldown({
    cwd: ROOT,
    input,
    platform: 'node',
    // Native code, which the package manager builds.
    external: ['pkcs11js'],
    transform: { target: 'node20' },
    plugins: [absentModules, lazyRequires(options)],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`bundling: ${log.message}`);
    },
  });
  const { output: chunks } = await build.write(output);
  for (const id of chunks.flatMap((chunk) => chunk.moduleIds ?? [])) bundledFiles.add(id);
}

async function bundleAll() {
  const cjs = { format: 'cjs', dynamicImportInCjs: false };
  await bundle(
    { 'kms-asym': 'bin/kms-asym.ts' },
    {
      packages: LAZY_PACKAGES,
      folder: 'chunks',
      output: {
        ...cjs,
        dir: DIST,
        banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
        entryFileNames: '[name].cjs',
        chunkFileNames: 'chunks/[name].cjs',
      },
    },
  );
  await bundle(
    { index: 'src/index.ts' },
    {
      packages: LAZY_PACKAGES,
      folder: '../chunks',
      output: {
        format: 'esm',
        dir: path.join(DIST, 'lib'),
        chunkFileNames: 'chunks/[name].js',
      },
    },
  );
  const output = { ...cjs, dir: path.join(DIST, 'chunks'), entryFileNames: '[name].cjs' };
  await bundle(Object.fromEntries(postponed), {
    packages: [],
    folder: '.',
    output: { ...output, chunkFileNames: 'vendor-[name].cjs' },
  });
}

/** Declarations of the library; those of modules behind its surface would only drag in vendor types. */
function emitTypes() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', '.ci/tsconfig.types.json'], { cwd: ROOT, stdio: 'inherit' });
  const folder = path.join(DIST, 'types', 'src');
  const reached = new Set([path.join(folder, 'index.d.ts')]);
  for (const file of reached) {
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/\bfrom '([^']+)'/g)) {
      if (specifier.startsWith('node:')) continue;
      if (!specifier.startsWith('.')) throw new Error(`declarations would need "${specifier}": ${file}`);
      reached.add(path.resolve(path.dirname(file), specifier.replace(/\.js$/, '.d.ts')));
    }
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !reached.has(file)) rmSync(file);
  }
}

rmSync(DIST, { recursive: true, force: true });
await bundleAll();
emitTypes();
chmodSync(path.join(DIST, 'kms-asym.cjs'), 0o755);
writeFileSync(path.join(DIST, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicenses(bundledFiles));
