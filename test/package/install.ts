/** The package as users get it: packed from the build, installed without network in an empty folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const NPM_FLAGS = ['--offline', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];

/** An installed package. */
export interface Installation {
  /** Paths in the tarball, without `package/`. */
  readonly packedFiles: readonly string[];
  /** Empty folder the package was installed in. */
  readonly folder: string;
  /** The package's own folder. */
  readonly package: string;
  /** The command of a local install, and that of a global one. */
  readonly commands: readonly string[];
  /** Where the global install puts its commands. */
  readonly globalBin: string;
  readonly remove: () => void;
}

/** Packs what `npm run build` built and installs it twice: in a folder, and as a global command. */
export function packAndInstall(): Installation {
  const work = mkdtempSync(join(tmpdir(), 'kms-asym-package-'));
  const npm = (cwd: string, ...args: string[]): string =>
    execFileSync('npm', [...args, ...NPM_FLAGS], {
      cwd,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
  // Scripts stay off: `prepare` would build again under the feet of other tests.
  const packed = npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', work);
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
  const tarball = join(work, filename);
  const folder = join(work, 'local');
  const prefix = join(work, 'global');
  for (const empty of [folder, prefix]) mkdirSync(empty);
  npm(folder, 'install', '--prefix', folder, tarball);
  npm(folder, 'install', '--global', '--prefix', prefix, tarball);
  const [bin, suffix] = process.platform === 'win32' ? [prefix, '.cmd'] : [join(prefix, 'bin'), ''];
  return {
    packedFiles: files.map((file) => file.path),
    folder,
    package: join(folder, 'node_modules', 'kms-asym'),
    globalBin: bin,
    commands: [join(folder, 'node_modules', '.bin', `kms-asym${suffix}`), join(bin, `kms-asym${suffix}`)],
    remove: () => {
      rmSync(work, { recursive: true, force: true });
    },
  };
}
