/**
 * PKCS#11 modules loaded into this process. C_Initialize holds for the whole process and module (PKCS #11 v2.40,
 * section 5.4), so several HSMs on one module share it: the first user initialises, the last one finalises, and
 * users that would want it initialised differently are refused.
 */
import { realpath } from 'node:fs/promises';
import { KmsAsymError } from '../../errors.js';
import { loadPkcs11Binding, type Pkcs11Binding, type Pkcs11Library } from './pkcs11-binding.js';
import { deviceError } from './pkcs11-error.js';

/** How a module is initialised. */
export interface ModuleSettings {
  /** Reserved string for C_Initialize (NSS only). */
  readonly initArgs?: string | undefined;
  /** Environment variables that the module reads while it initialises. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** An initialised module. */
export interface Pkcs11Module {
  readonly binding: Pkcs11Binding;
  readonly library: Pkcs11Library;
  /** Gives the module back; call once. The last user's release finalises it. */
  release(): void;
}

/** A module in this process's memory. */
export interface LoadedModule {
  readonly binding: Pkcs11Binding;
  readonly library: Pkcs11Library;
  /** How many hold it initialised. */
  users: number;
  /** What it is initialised with. */
  settings: string;
}

// A library stays loaded after its last user: unloading runs destructors that not every module survives.
const loadedModules = new Map<string, LoadedModule>();

/** Loads the module at `path` without initialising it. `KmsAsymError` `emulator` when that fails. */
export async function loadModule(path: string): Promise<LoadedModule> {
  const binding = await loadPkcs11Binding();
  const realPath = await realpath(path).catch((cause: unknown) => {
    throw new KmsAsymError('emulator', `there is no PKCS#11 module "${path}"`, { cause });
  });
  const known = loadedModules.get(realPath);
  if (known !== undefined) return known;
  const library = new binding.PKCS11();
  try {
    library.load(realPath);
  } catch (cause) {
    throw new KmsAsymError('emulator', `could not load the PKCS#11 module "${path}"`, {
      hints: ['check that it is a PKCS#11 library built for this machine'],
      cause,
    });
  }
  const loaded = { binding, library, users: 0, settings: '' };
  loadedModules.set(realPath, loaded);
  return loaded;
}

/** Loads and initialises the module at `path`, or joins its present users. `KmsAsymError` `emulator` otherwise. */
export async function acquireModule(path: string, settings: ModuleSettings = {}): Promise<Pkcs11Module> {
  const loaded = await loadModule(path);
  const { binding, library } = loaded;
  const wanted = JSON.stringify(settings);
  if (loaded.users === 0) {
    initialize(loaded, settings, path);
    loaded.settings = wanted;
  } else if (loaded.settings !== wanted) {
    throw new KmsAsymError('emulator', `the PKCS#11 module "${path}" is already in use with other settings`, {
      hints: ['close the other HSM first, or run this one in a process of its own'],
    });
  }
  loaded.users += 1;
  return {
    binding,
    library,
    release() {
      loaded.users -= 1;
      if (loaded.users === 0) library.C_Finalize();
    },
  };
}

function initialize({ binding, library }: LoadedModule, settings: ModuleSettings, path: string): void {
  const flags = binding.CKF_OS_LOCKING_OK;
  // The binding drops the last character of the string, hence the space.
  const { initArgs } = settings;
  const options = initArgs === undefined ? { flags } : { flags, libraryParameters: `${initArgs} ` };
  const restore = setEnvironment(settings.environment ?? {});
  try {
    library.C_Initialize(options);
  } catch (cause) {
    throw deviceError(`initialise the PKCS#11 module "${path}"`, cause);
  } finally {
    restore();
  }
}

/** Sets variables where C code sees them (on the main thread alone), and returns what undoes it. */
function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}
