/** What stores give to whoever saves them, and take back. */
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Hsm } from '../../../src/emulator/hsm/hsm.js';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { AliasStore } from '../../../src/emulator/keys/alias-store.js';
import type { KeyRecord } from '../../../src/emulator/keys/key-record.js';
import { KeyStore } from '../../../src/emulator/keys/key-store.js';

const DAY_MS = 24 * 60 * 60 * 1000;
let nowMs = 0;
let hsm: Hsm;
const newStore = () =>
  new KeyStore(
    { HSM: hsm, SOFTWARE: hsm },
    () => nowMs,
    () => undefined,
  );
const viaJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

beforeEach(async () => {
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  hsm = await openHsm('software');
  return () => hsm.close();
});

const create = (keys: KeyStore) =>
  keys.create({
    spec: 'EC_P256',
    usage: 'SIGN/VERIFY',
    protectionLevel: 'HSM',
    description: 'described',
    instanceId: 'kst-1',
    tags: new Map([
      ['b', '1'],
      ['a', '2'],
    ]),
  });

describe('a key store', () => {
  it('comes back whole from JSON, also as it gives it', async () => {
    const keys = newStore();
    const { keyId } = await create(keys);
    nowMs += 7 * DAY_MS;
    await keys.addVersion(keyId);
    keys.update(keyId, { deletionProtection: { isEnabled: true, description: 'why' } });
    const doomed = await create(keys);
    keys.scheduleDeletion(doomed.keyId, 7);
    const restored = newStore();
    restored.restore(viaJson(keys.snapshot()));
    expect(restored.all()).toEqual(keys.all());
    expect(restored.snapshot()).toEqual(keys.snapshot());
    const [first] = restored.all();
    const digest = Buffer.alloc(32, 1);
    for (const { hsmKey } of first?.versions ?? []) {
      await restored.deviceOf({ protectionLevel: 'HSM' }).sign(hsmKey.ref, 'ECDSA_SHA_256', digest);
    }
    expect([...(first?.tags.keys() ?? [])]).toEqual(['b', 'a']);
  });

  it('counts every change, and nothing else', async () => {
    const keys = newStore();
    const { keyId } = await create(keys);
    const changes: (() => unknown)[] = [
      () => create(keys),
      () => keys.update(keyId, { description: 'other' }),
      () => keys.setState(keyId, 'Disabled'),
      () => keys.setState(keyId, 'Enabled'),
      () => ((nowMs += 7 * DAY_MS), keys.addVersion(keyId)),
      () => keys.scheduleDeletion(keyId, 7),
      () => ((nowMs += 7 * DAY_MS), keys.removeExpired()),
      () => keys.restore(keys.snapshot()),
      () => keys.destroyAll(),
    ];
    for (const change of changes) {
      const [revision, before] = [keys.revision, keys.snapshot()];
      keys.all();
      keys.removeExpired();
      await keys.destroyRemoved();
      expect([keys.revision, keys.snapshot()]).toEqual([revision, before]);
      await change();
      expect(keys.revision, change.toString()).toBeGreaterThan(revision);
    }
  });

  it('hands out keys that a later change leaves as they were', async () => {
    const keys = newStore();
    const before = await create(keys);
    keys.setState(before.keyId, 'Disabled');
    expect(before.state).toBe('Enabled');
    expect(keys.find(before.keyId)?.state).toBe('Disabled');
  });

  it('takes keys that were made elsewhere, with ids of any form', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const record: KeyRecord = {
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      spec: 'EC_P256',
      usage: 'SIGN/VERIFY',
      protectionLevel: 'SOFTWARE',
      description: '',
      tags: [],
      createdMs: nowMs,
      state: 'Enabled',
      deletionProtection: { isEnabled: false, description: '' },
      versions: [
        {
          keyVersionId: 'v1',
          createdMs: nowMs,
          hsmRef: 'elsewhere',
          type: 'EC_P256',
          publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
        },
      ],
    };
    const keys = newStore();
    keys.restore([record]);
    expect(keys.find(record.keyId)).toMatchObject({ state: 'Enabled', deleteMs: undefined });
    expect(keys.snapshot()).toEqual([record]);
    const [version] = record.versions;
    const damaged: KeyRecord = { ...record, versions: [{ ...version, publicKey: '*' }] };
    const trouble = { code: 'emulator', message: 'the record of key version "v1" holds no public key' };
    expect(() => keys.restore([damaged])).toThrow(expect.objectContaining(trouble) as Error);
    expect(keys.snapshot()).toEqual([record]);
  });

  it('refuses to change keys that it does not have', async () => {
    const keys = newStore();
    const NOT_FOUND = { code: 'Forbidden.KeyNotFound' };
    const attempt = (change: () => unknown) =>
      expect(Promise.resolve().then(change)).rejects.toMatchObject(NOT_FOUND);
    await attempt(() => keys.update('none', {}));
    await attempt(() => keys.setState('none', 'Enabled'));
    await attempt(() => keys.scheduleDeletion('none', 7));
    await attempt(() => keys.addVersion('none'));
  });

  it('tries again to destroy what a device would not let go of', async () => {
    let isStuck = true;
    const destroyed: string[] = [];
    const destroyKey = (ref: string): Promise<void> => {
      if (isStuck) return Promise.reject(new Error('busy'));
      destroyed.push(ref);
      return hsm.destroyKey(ref);
    };
    const stuck = Object.create(hsm, { destroyKey: { value: destroyKey } }) as Hsm;
    // The methods of the real device need the real object.
    Object.defineProperty(stuck, 'generateKey', { value: hsm.generateKey.bind(hsm) });
    const keys = new KeyStore(
      { HSM: stuck, SOFTWARE: stuck },
      () => nowMs,
      () => undefined,
    );
    const { keyId, versions } = await create(keys);
    keys.scheduleDeletion(keyId, 7);
    nowMs += 7 * DAY_MS;
    keys.removeExpired();
    await expect(keys.destroyRemoved()).rejects.toThrow('busy');
    isStuck = false;
    await keys.destroyRemoved();
    expect(destroyed).toEqual([versions[0].hsmKey.ref]);
    await keys.destroyRemoved();
    expect(destroyed).toHaveLength(1);
  });
});

describe('an alias store', () => {
  it('comes back whole from JSON, and counts every change', () => {
    const aliases = new AliasStore();
    const changes: (() => void)[] = [
      () => aliases.add({ aliasName: 'alias/a', keyId: 'key-1' }),
      () => aliases.add({ aliasName: 'alias/b', keyId: 'key-2' }),
      () => aliases.rebind({ aliasName: 'alias/a', keyId: 'key-2' }),
      () => aliases.restore(viaJson(aliases.snapshot())),
      () => aliases.remove('alias/b'),
    ];
    for (const change of changes) {
      const { revision } = aliases;
      change();
      expect(aliases.revision, change.toString()).toBeGreaterThan(revision);
    }
    expect(aliases.snapshot()).toEqual([{ aliasName: 'alias/a', keyId: 'key-2' }]);
    const { revision } = aliases;
    aliases.removeOf(['key-1']);
    expect(aliases.revision).toBe(revision);
    aliases.removeOf(['key-2']);
    expect(aliases.snapshot()).toEqual([]);
  });
});
