/** Where operating systems put PKCS#11 modules: Debian, Fedora, Alpine, macOS with either Homebrew prefix. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { KmsAsymError } from '../../errors.js';

const DIRECTORIES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
  '/opt/homebrew/lib',
].flatMap((directory) => [join(directory, 'softhsm'), join(directory, 'pkcs11'), directory]);

/** Absolute path of the module called `name` (`softhsm2` finds `libsofthsm2.so`), or `undefined`. */
export async function findModule(
  name: string,
  directories: readonly string[] = DIRECTORIES,
): Promise<string | undefined> {
  const files = [name, `lib${name}.so`, `${name}.so`, `lib${name}.dylib`, `${name}.dylib`];
  for (const path of directories.flatMap((directory) => files.map((file) => join(directory, file)))) {
    if (await isReadable(path)) return path;
  }
  return undefined;
}

/** Like {@link findModule}; `KmsAsymError` `emulator` with `hint` when there is none. */
export async function requireModule(
  name: string,
  hint = 'give its absolute path as module-path in the pkcs11: URI',
  directories: readonly string[] = DIRECTORIES,
): Promise<string> {
  const path = await findModule(name, directories);
  if (path === undefined)
    throw new KmsAsymError('emulator', `found no PKCS#11 module "${name}"`, { hints: [hint] });
  return path;
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
