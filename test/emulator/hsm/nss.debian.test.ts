import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
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
  open: (owner) => openHsm(database.uri, { owner }),
});

describeToken('NSS softokn', {
  enforcesExtractable: false,
  hasOaepSha256: true,
  label: 'NSS Certificate DB',
  modulePath: () => Promise.resolve(database.modulePath),
  open: () => openHsm(database.uri),
});

it('is refused when NSS does not find its database', async () => {
  const uri = database.uri.replace(
    encodeURIComponent(database.directory),
    encodeURIComponent('/nowhere/at/all'),
  );
  expect(uri).not.toBe(database.uri);
  await expect(openHsm(uri)).rejects.toMatchObject({
    code: 'emulator',
    message: expect.stringMatching(
      /^the HSM could not initialise the PKCS#11 module ".*softokn3.so" \(CKR_\w+\)$/,
    ) as string,
  });
});
