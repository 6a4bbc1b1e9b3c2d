/**
 * Builds `dist/`:
 *
 *   kms-asym.cjs               an executable: launcher.cjs
 *   age-plugin-alikms.cjs      another one, launched alike
 *   chunks/                    their bundles: CommonJS, which starts faster than ES modules; whatever the sources import
 *                              dynamically, and vendor code that our paths rarely touch, in files of its own;
 *                              beside them their compiled forms (*.v8); what the second thread of large files runs
 *   lib/index.js, lib/chunks/  the library as ES modules; shares the postponed vendor files of chunks/
 *   types/                     declarations of what src/index.ts reaches
 *   THIRD-PARTY-LICENSES.txt   licences of all bundled packages
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { compileAhead } from './compile-ahead.mjs';
import { lazyRequires } from './lazy-requires.mjs';
import { thirdPartyLicenses } from './third-party-licenses.mjs';

/** Executable -> its bundle in chunks/. Bundles share no file but vendor code, so that each starts from one. */
const EXECUTABLES = { 'kms-asym': 'main', 'age-plugin-alikms': 'plugin' };

const ROOT = path.dirname(import.meta.dirname);
const DIST = path.join(ROOT, 'dist');
/** Everything is built here and then moved, so that a failed build leaves the last one in place. */
const STAGE = path.join(ROOT, 'node_modules', '.kms-asym-dist');

/** Found by profiling what a run of `decrypt` loads without need: each costs milliseconds or is large. */
const LAZY_BUILTINS = ['assert', 'child_process', 'crypto', 'dns', 'http', 'https', 'module', 'net', 'os'];
LAZY_BUILTINS.push('querystring', 'stream', 'tls', 'tty', 'url', 'zlib');
const LAZY_PACKAGES = ['http-proxy-agent', 'https-proxy-agent', 'httpx', 'ini', 'lodash', 'moment'];
LAZY_PACKAGES.push('socks-proxy-agent', 'ws', 'xml2js');

/** Optional parts of vendor packages, which their code looks for in a `try`: never there. */
const ABSENT = ['bufferutil', 'supports-color', 'utf-8-validate'];

/** What goes into the first file with all that it imports: every file more costs a run a fifth of a millisecond. */
const OF_MOST_RUNS = /[/\\](bin[/\\]kms-asym|commands[/\\](en|de)crypt)\.ts$/;

const postponed = new Map();
const bundledFiles = new Set([createRequire(import.meta.url).resolve('rolldown/package.json')]);

/** `debug` prints what it is told when the environment says so: requests with their tokens, proxies with passwords. */
const SILENT = ['debug'];

const REPLACEMENTS = new Map([
  ...ABSENT.map((name) => [name, `throw new Error('not bundled');`]),
  ...SILENT.map((name) => [name, 'module.exports = () => Object.assign(() => {}, { enabled: false });']),
]);

const replacedModules = {
  name: 'replaced-modules',
  resolveId: (source) => (REPLACEMENTS.has(source) ? `\0replaced:${source}` : null),
  load: (id) =>
    id.startsWith('\0replaced:') ? { code: REPLACEMENTS.get(id.slice(10)), moduleType: 'js' } : null,
};

async function bundle(input, { packages, folder, output }) {
  const options = {
    builtins: LAZY_BUILTINS,
    packages,
    startPackages: ['chalk', 'commander'],
    folder,
    postponed,
  };
  const build = await rolldown({
    cwd: ROOT,
    input,
    platform: 'node',
    // Native code, which the package manager builds.
    external: ['pkcs11js'],
    transform: { target: 'node20' },
    plugins: [replacedModules, lazyRequires(options)],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`bundling: ${log.message}`);
    },
  });
  const { output: chunks } = await build.write({
    ...output,
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  for (const id of chunks.flatMap((chunk) => chunk.moduleIds ?? [])) bundledFiles.add(id);
}

async function bundleAll() {
  const cjs = { format: 'cjs', dynamicImportInCjs: false, dir: path.join(STAGE, 'chunks') };
  const codeSplitting = { groups: [{ name: 'main', test: OF_MOST_RUNS }] };
  for (const [executable, name] of Object.entries(EXECUTABLES)) {
    const chunkFileNames = name === 'main' ? '[name].cjs' : `${name}-[name].cjs`;
    await bundle(
      { [name]: `bin/${executable}.ts` },
      {
        packages: LAZY_PACKAGES,
        folder: '.',
        output: {
          ...cjs,
          ...(name === 'main' && { codeSplitting }),
          entryFileNames: '[name].cjs',
          chunkFileNames,
        },
      },
    );
  }
  await bundle(
    { 'second-thread': 'bin/second-thread.ts' },
    {
      packages: [],
      folder: '.',
      output: { ...cjs, entryFileNames: '[name].cjs', chunkFileNames: 'thread-[name].cjs' },
    },
  );
  await bundle(
    { index: 'src/index.ts' },
    {
      packages: LAZY_PACKAGES,
      folder: '../chunks',
      output: {
        format: 'esm',
        dir: path.join(STAGE, 'lib'),
        chunkFileNames: 'chunks/[name].js',
      },
    },
  );
  await bundle(Object.fromEntries(postponed), {
    packages: [],
    folder: '.',
    output: { ...cjs, entryFileNames: '[name].cjs', chunkFileNames: 'vendor-[name].cjs' },
  });
}

/**
 * Text of one byte a character is read and compiled faster, and the launcher relies on it. Done on the written files:
 * the bundler's last printing would turn escapes into characters again.
 */
function escapeNonAscii() {
  const folder = path.join(STAGE, 'chunks');
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const code = readFileSync(file, 'utf8').replaceAll(/[^\0-\x7f]/g, (unit) => {
      return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    writeFileSync(file, code);
  }
}

/** The bundler's own helpers, which it always puts into a file of their own, into the first file as well if it uses them. */
function inlineRuntime() {
  const folder = path.join(STAGE, 'chunks');
  const main = path.join(folder, 'main.cjs');
  const runtime = readFileSync(path.join(folder, 'rolldown-runtime.cjs'), 'utf8');
  const inlined = `((exports) => {\n${runtime}return exports;\n})({})`;
  const code = readFileSync(main, 'utf8').replace('require("./rolldown-runtime.cjs")', () => inlined);
  writeFileSync(main, code);
  const plugin = path.join(folder, 'plugin.cjs');
  writeFileSync(
    plugin,
    readFileSync(plugin, 'utf8').replace(/^require\("\.\/plugin-rolldown-runtime\.cjs"\);\n/m, ''),
  );
}

/** Declarations of the library; those of modules behind its surface would only drag in vendor types. */
function emitTypes() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const types = path.join(STAGE, 'types');
  execFileSync(process.execPath, [tsc, '-p', '.ci/tsconfig.types.json', '--outDir', types], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const folder = path.join(types, 'src');
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

function writeLaunchers() {
  const launcher = readFileSync(path.join(ROOT, '.ci', 'launcher.cjs'), 'utf8');
  for (const [executable, name] of Object.entries(EXECUTABLES)) {
    const file = path.join(STAGE, `${executable}.cjs`);
    writeFileSync(file, launcher.replaceAll('BUNDLE', name));
    chmodSync(file, 0o755);
  }
}

rmSync(STAGE, { recursive: true, force: true });
await bundleAll();
inlineRuntime();
escapeNonAscii();
emitTypes();
writeFileSync(path.join(STAGE, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicenses(bundledFiles));
writeLaunchers();
rmSync(DIST, { recursive: true, force: true });
renameSync(STAGE, DIST);
compileAhead(DIST);
