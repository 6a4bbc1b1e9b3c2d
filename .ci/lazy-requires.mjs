/**
 * A rolldown plugin that postpones the `require` of built-in modules and packages which third-party code loads when
 * it starts but our paths never or seldom touch. Each such `require` becomes a proxy that loads the real module at
 * its first use; packages are left out of the bundle, to be bundled as files of their own that are not even parsed
 * before that. Our own sources say `await import()` where they mean it; only their imports of those built-in modules are
 * postponed.
 */
import path from 'node:path';

const RUNTIME = '\0lazy-runtime:';
const PROXY = '\0lazy:';
const POSTPONED = 'lazy-package:';

/**
 * `__esModule` and `default` answer without loading, so that the interop helpers of TypeScript (`__importStar`,
 * `__importDefault`) hand the proxy through instead of copying every member of the module.
 */
const RUNTIME_SOURCE = `module.exports = (load) => {
  let loaded;
  const real = () => (loaded ??= { module: load() }).module;
  return new Proxy(function () {}, {
    get(_target, key) {
      if (key === '__esModule') return true;
      const module = real();
      return key === 'default' && !module.__esModule ? module : module[key];
    },
    set: (_target, key, value) => Reflect.set(real(), key, value),
    has: (_target, key) => key in real(),
    apply: (_target, self, args) => Reflect.apply(real(), self, args),
    construct: (_target, args, newTarget) => Reflect.construct(real(), args, newTarget),
  });
};`;

/**
 * @param {object} options
 * @param {readonly string[]} options.builtins built-in modules, without `node:`
 * @param {readonly string[]} options.packages packages to leave out, as the requiring code spells them
 * @param {readonly string[]} options.startPackages packages of the start-up path: proxies for them are modules of their
 *   own, since a module shared with other chunks would become a file to load
 * @param {string} options.folder where the output will find them as `NAME.cjs`, relative to its folder
 * @param {Map<string, string>} options.postponed filled with what was left out: NAME -> file to bundle
 * @returns {import('rolldown').Plugin}
 */
export function lazyRequires({ builtins, packages, startPackages, folder, postponed }) {
  return {
    name: 'lazy-requires',
    async resolveId(source, importer, { kind }) {
      if (source.startsWith(RUNTIME)) return source;
      if (importer?.startsWith(PROXY)) return { id: source, external: true };
      const user = /.*[/\\]node_modules[/\\]([^/\\]+)/.exec(importer ?? '')?.[1];
      if (user === undefined || kind === 'dynamic-import') return null;
      // The named imports of an ES module are read when it starts, too early for a proxy; those of these packages are not.
      if (kind === 'import-statement' && !startPackages.includes(user)) return null;
      const zone = startPackages.includes(user) ? `${user}:` : ':';
      const name = source.replace(/^node:/, '');
      if (builtins.includes(name)) return `${PROXY}${zone}node:${name}`;
      if (!packages.includes(name) || kind !== 'require-call') return null;
      const resolved = await this.resolve(source, importer, { kind, skipSelf: true });
      return `${PROXY}${zone}${POSTPONED}${fileNameFor(resolved.id, name, postponed)}`;
    },
    load(id) {
      if (id.startsWith(RUNTIME)) return { code: RUNTIME_SOURCE, moduleType: 'js' };
      if (!id.startsWith(PROXY)) return null;
      const [, zone, target] = /^\0lazy:([^:]*):(.*)$/.exec(id);
      const [runtime, module] = [RUNTIME + zone, target].map((specifier) => JSON.stringify(specifier));
      return { code: `module.exports = require(${runtime})(() => require(${module}));`, moduleType: 'js' };
    },
    renderChunk(code, chunk, { format }) {
      const from = path.posix.dirname(chunk.fileName);
      const located = code.replaceAll(new RegExp(`${POSTPONED}([\\w-]+)`, 'g'), (_match, name) => {
        return `./${path.posix.join(path.posix.relative(from, folder), name)}.cjs`;
      });
      return format === 'cjs' ? cheapBuiltins(located, builtins) : located;
    },
  };
}

/**
 * Members are read where they are used, `node_os.tmpdir()`, so an object that finds the same members will do. That goes
 * for default and namespace imports too, for which rolldown would copy every member (a millisecond for `fs`).
 */
function cheapBuiltins(code, lazyBuiltins) {
  const withDefault = (module) => `((module) => ({ __proto__: module, default: module }))(${module})`;
  return code
    .replaceAll(
      /^let (\w+) = (require\("node:([\w/]+)"\));\n(\1 = [\w$.]*__toESM\(\1, 1\);\n)?/gm,
      (_line, variable, load, name, interop) => {
        // Asking for it again costs a microsecond, which the loop over a large file does several times for each chunk.
        const lazy = `((module) => new Proxy({}, { get: (_target, key) => (module ??= ${load})[key] }))()`;
        const module = lazyBuiltins.includes(name) ? lazy : load;
        return `const ${variable} = ${interop === undefined ? module : withDefault(module)};\n`;
      },
    )
    .replaceAll(/[\w$.]*__toESM\((require\("node:[\w/]+"\)), 1\)/g, (_call, load) => withDefault(load));
}

/** Two versions of one package get two names. */
function fileNameFor(file, name, postponed) {
  for (let n = 1; ; n++) {
    const candidate = name.replace('@', '').replace('/', '-') + (n === 1 ? '' : String(n));
    if (!postponed.has(candidate)) postponed.set(candidate, file);
    if (postponed.get(candidate) === file) return candidate;
  }
}
