/**
 * The one file that imports pkcs11js, the binding to PKCS#11 modules: an optional native package, loaded only when a
 * token is wanted. Everything else takes the loaded {@link Pkcs11Binding} and speaks PKCS #11 v2.40 through it.
 */
import type * as pkcs11js from 'pkcs11js';
import { KmsAsymError } from '../../errors.js';

/** The package: constants by their PKCS #11 names, and the `PKCS11` class. */
export type Pkcs11Binding = typeof pkcs11js;

/** One loaded module and its functions by their PKCS #11 names; they throw errors that {@link ckrOf} reads. */
export type Pkcs11Library = pkcs11js.PKCS11;

/** A slot, session or object handle. */
export type Handle = pkcs11js.Handle;

/** Attributes of an object, by numeric type. */
export type Template = pkcs11js.Template;

/** A mechanism with its parameter. */
export type Mechanism = pkcs11js.Mechanism;

/** Loads the package. `KmsAsymError` `emulator` when it is missing or was installed without its native part. */
export async function loadPkcs11Binding(): Promise<Pkcs11Binding> {
  try {
    const imported = (await import('pkcs11js')) as unknown as { readonly default: Pkcs11Binding };
    return imported.default;
  } catch (cause) {
    throw new KmsAsymError('emulator', 'the PKCS#11 binding "pkcs11js" is missing or was not built', {
      hints: [
        'npm install --allow-scripts=pkcs11js pkcs11js (it needs a C++ compiler, make and Python)',
        'use --hsm software to do without an HSM',
      ],
      cause,
    });
  }
}
