import { rmSync } from 'node:fs';
import { afterAll } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { describeHsm } from './conformance.js';
import { makeNssDatabase } from './nss-database.js';

const database = await makeNssDatabase('nss-pin');
afterAll(() => {
  rmSync(database.directory, { recursive: true, force: true });
});

describeHsm('NSS softokn', {
  backend: 'pkcs11',
  isHardwareBacked: true,
  unsupported: ['EC_P256K'],
  open: () => openHsm(database.uri),
});
