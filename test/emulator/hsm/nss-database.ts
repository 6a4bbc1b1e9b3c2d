/** An NSS database with a PIN, as `certutil -N` makes it, and the URI that opens it here. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireModule } from '../../../src/emulator/hsm/pkcs11-module.js';
import { requireModule } from '../../../src/emulator/hsm/pkcs11-module-path.js';

export interface NssDatabase {
  readonly directory: string;
  readonly modulePath: string;
  readonly initArgs: string;
  readonly uri: string;
}

export async function makeNssDatabase(pin: string): Promise<NssDatabase> {
  // Every attribute of a stored key is decrypted anew for each operation; the usual 10,000 rounds only cost time here.
  process.env['NSS_MAX_MP_PBE_ITERATION_COUNT'] = '1';
  const directory = mkdtempSync(join(tmpdir(), 'kms-asym-nss-'));
  const initArgs = `configdir='sql:${directory}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`;
  const modulePath = await requireModule('softokn3');
  const { binding, library, release } = await acquireModule(modulePath, { initArgs });
  const slot = library
    .C_GetSlotList(true)
    .find((candidate) => library.C_GetTokenInfo(candidate).label.startsWith('NSS Certificate DB'));
  if (slot === undefined) throw new Error('no NSS database slot');
  const session = library.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
  library.C_Login(session, binding.CKU_SO, '');
  library.C_InitPIN(session, pin);
  library.C_CloseSession(session);
  release();
  const query = `module-name=softokn3&pin-value=${pin}&x-init-args=${encodeURIComponent(initArgs)}`;
  return { directory, modulePath, initArgs, uri: `pkcs11:token=NSS%20Certificate%20DB?${query}` };
}
