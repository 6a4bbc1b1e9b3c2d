import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { KeyStore } from '../../../src/emulator/keys/key-store.js';

it('leaves no private key behind in a device that outlives it', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'kms-asym-keys-'));
  const device = await openHsm('software', { stateDir });
  onTestFinished(async () => {
    await device.close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const foreign = await device.generateKey('EC_P256');
  const keys = new KeyStore({ HSM: device, SOFTWARE: device }, Date.now, () => undefined);
  const attributes = {
    spec: 'EC_P256',
    usage: 'SIGN/VERIFY',
    description: '',
    instanceId: undefined,
  } as const;
  await keys.create({ ...attributes, tags: new Map(), protectionLevel: 'HSM' });
  await keys.create({ ...attributes, tags: new Map(), protectionLevel: 'SOFTWARE' });
  const files = () => readdirSync(join(stateDir, 'software-keys')).filter((name) => name.endsWith('.pem'));
  expect(files()).toHaveLength(3);
  const late = keys.create({ ...attributes, tags: new Map(), protectionLevel: 'HSM' });
  await keys.destroyAll();
  await late;
  expect(keys.all()).toEqual([]);
  expect(files()).toEqual([expect.stringContaining(foreign.ref)]);
});
