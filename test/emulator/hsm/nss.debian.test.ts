import { rmSync } from 'node:fs';
import { afterAll } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { describeHsm } from './conformance.js';
import { makeNssDatabase } from './nss-database.js';
import { describeToken } from './token-conformance.js';

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

describeToken('NSS softokn', {
  enforcesExtractable: false,
  label: 'NSS Certificate DB',
  modulePath: () => Promise.resolve(database.modulePath),
  open: () => openHsm(database.uri),
});
