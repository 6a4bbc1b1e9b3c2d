/** The import table: which folder may know which, and which third-party packages it owns. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');
const ANYONE = ['directories', 'errors', 'monotonic', 'version'];
const FOLDERS: Record<string, { folders: string[]; packages: RegExp }> = {
  directories: { folders: [], packages: /^$/ },
  errors: { folders: [], packages: /^$/ },
  monotonic: { folders: [], packages: /^$/ },
  version: { folders: ['../package.json'], packages: /^$/ },
  crypto: { folders: [], packages: /^$/ },
  io: { folders: [], packages: /^$/ },
  age: { folders: ['crypto'], packages: /^@scure\/base$/ },
  kms: { folders: ['crypto'], packages: /^(@alicloud\/.*|https-proxy-agent)$/ },
  emulator: { folders: ['crypto'], packages: /^(pkcs11js|@peculiar\/asn1-(schema|x509))$/ },
  cli: { folders: ['crypto', 'io', 'age', 'kms', 'emulator'], packages: /^(commander|chalk|cli-progress)$/ },
  index: { folders: ['crypto', 'kms', 'emulator'], packages: /^$/ },
};
const IMPORT = /(?:^(?:import|export|\}).*\bfrom |\bimport\(|^import )'([^']+)'/gm;
const DRAWERS = /(^|\/)(utils?|helpers?|common|lib|core|shared|types|misc)(\/|\.ts$)/;

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));
const text = (file: string): string => readFileSync(join(SRC, file), 'utf8');
const area = (file: string): string => file.replace(/\.ts$/, '').split('/', 1).join();

describe('every source file', () => {
  it.each(sources)('%s imports what the table allows', (file) => {
    const { folders, packages } = FOLDERS[area(file)] ?? { folders: [], packages: /^$/ };
    for (const [, specifier = ''] of text(file).matchAll(IMPORT)) {
      if (specifier.startsWith('node:')) continue;
      const target = join(file, '..', specifier).replaceAll('\\', '/').replace(/\.js$/, '');
      const known = [area(file), ...ANYONE, ...folders].includes(
        target.startsWith('..') ? target : area(target),
      );
      expect(specifier.startsWith('.') ? known : packages.test(specifier), `import of "${specifier}"`).toBe(
        true,
      );
    }
  });

  it('lies in a folder that names a capability', () => {
    expect(sources.filter((file) => DRAWERS.test(file) || FOLDERS[area(file)] === undefined)).toEqual([]);
  });

  it.each(['cli/commands', 'emulator/actions'])('of %s stands in its list', (folder) => {
    const files = sources.filter((file) => file.startsWith(`${folder}/`) && !file.endsWith('/index.ts'));
    const list = text(`${folder}/index.ts`);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !list.includes(`'./${file.slice(folder.length + 1, -3)}.js'`))).toEqual([]);
  });

  it('loads the PKCS#11 binding in one file at most', () => {
    expect(sources.filter((file) => text(file).includes("import('pkcs11js')")).length).toBeLessThanOrEqual(1);
  });

  it('knows the schemas of certificates in one file, which is loaded when it is needed', () => {
    const users = sources.filter((file) => text(file).includes("'@peculiar/"));
    expect(users).toEqual(['emulator/tls/certificate.ts']);
    const imports = sources.filter((file) => /^import .*\/certificate\.js'/m.test(text(file)));
    expect(imports).toEqual([]);
  });
});
