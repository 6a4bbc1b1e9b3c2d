import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ACTIONS } from '../../src/emulator/actions/index.js';
import { createKey, expectRefusal, runEmulator } from './running.js';
import type { Params } from './signer.js';

/** The keys' state and ages are the emulator's own doing: its clock alone is moved. */
const DAY_MS = 24 * 60 * 60 * 1000;
let nowMs = Date.parse('2026-01-01T00:00:00Z');
const running = runEmulator({ clock: () => nowMs, serviceMode: 'legacy' });
const { call, ok } = running;

type State = 'Enabled' | 'Disabled' | 'PendingDeletion';
type Name = keyof typeof ACTIONS;

const OK = 'ok';
const DISABLED = 'Rejected.Disabled';
const DELETING = 'Rejected.PendingDeletion';
const MODIFIED = 'Rejected.StateModifiedFailed';

const READ = [OK, OK, OK] as const;
const USE = [OK, DISABLED, DELETING] as const;

/**
 * Section "Impact of CMK status on API operations" with its columns. The fourth column, PendingImport, has no cells:
 * keys of Origin EXTERNAL are refused, so no key ever gets there.
 */
const STATES: readonly State[] = ['Enabled', 'Disabled', 'PendingDeletion'];
const MATRIX: Record<Name, readonly [string, string, string]> = {
  CreateKey: READ,
  ListKeys: READ,
  DescribeKey: READ,
  ListKeyVersions: READ,
  DescribeKeyVersion: READ,
  GetPublicKey: READ,
  ListAliases: READ,
  ListAliasesByKeyId: READ,
  DeleteAlias: READ,
  ListResourceTags: READ,
  DescribeRegions: READ,
  DescribeAccountKmsStatus: READ,
  AsymmetricEncrypt: USE,
  AsymmetricDecrypt: USE,
  AsymmetricSign: USE,
  AsymmetricVerify: USE,
  CreateKeyVersion: USE,
  UpdateKeyDescription: [OK, OK, DELETING],
  TagResource: [OK, OK, DELETING],
  UntagResource: [OK, OK, DELETING],
  SetDeletionProtection: [OK, OK, DELETING],
  EnableKey: [OK, OK, MODIFIED],
  DisableKey: [OK, OK, MODIFIED],
  ScheduleKeyDeletion: [OK, OK, MODIFIED],
  CancelKeyDeletion: [MODIFIED, MODIFIED, OK],
  CreateAlias: [OK, OK, MODIFIED],
  UpdateAlias: [OK, OK, DELETING],
};

const ENCRYPTING: readonly Name[] = ['AsymmetricEncrypt', 'AsymmetricDecrypt'];
const Digest = createHash('sha256').update('message').digest('base64');

/** A key of its own in the state, a week old, with an alias; and parameters that are good for every action. */
async function prepare(action: Name, state: State): Promise<Params> {
  const encrypts = ENCRYPTING.includes(action);
  const spec = encrypts
    ? { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT', Algorithm: 'RSAES_OAEP_SHA_256' }
    : { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY', Algorithm: 'ECDSA_SHA_256' };
  const key = await createKey(running, spec);
  const { KeyId, KeyVersionId } = key;
  const AliasName = `alias/${action}-${nowMs.toString()}`;
  if (action !== 'CreateAlias') await ok('CreateAlias', { KeyId, AliasName });
  const reference = { KeyId, KeyVersionId, Algorithm: spec.Algorithm };
  const Plaintext = Buffer.from('secret').toString('base64');
  const made = encrypts
    ? await ok('AsymmetricEncrypt', { ...reference, Plaintext })
    : await ok('AsymmetricSign', { ...reference, Digest });
  if (state === 'Disabled') await ok('DisableKey', { KeyId });
  if (state === 'PendingDeletion') await ok('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '366' });
  nowMs += 7 * DAY_MS;
  return {
    ...reference,
    KeySpec: spec.KeySpec,
    AliasName,
    Plaintext,
    Digest,
    CiphertextBlob: String(made['CiphertextBlob']),
    Value: String(made['Value']),
    Description: 'described',
    Tags: '[{"TagKey":"team","TagValue":"a"}]',
    TagKeys: '["team"]',
    PendingWindowInDays: '7',
    ProtectedResourceArn: key.Arn,
    EnableDeletionProtection: 'true',
  };
}

describe.each(STATES)('a key in state %s', (state) => {
  it.each(Object.entries(MATRIX) as [Name, readonly string[]][])('and %s', async (action, cells) => {
    const cell = cells[STATES.indexOf(state)] ?? '';
    const params = await prepare(action, state);
    const describeKey = () => ok('DescribeKey', { KeyId: params['KeyId'] ?? '' });
    const { KeyMetadata: before } = await describeKey();
    expect(before).toMatchObject({ KeyState: state });
    if (cell === OK) {
      await ok(action, params);
      return;
    }
    expectRefusal(await call(action, params), 409, cell);
    expect((await describeKey())['KeyMetadata']).toEqual(before);
  });
});

it('a refused UpdateAlias leaves the alias where it was, and the state of its old key does not matter', async () => {
  const oldKey = await prepare('DescribeKey', 'PendingDeletion');
  const AliasName = oldKey['AliasName'] ?? '';
  const target = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
  const doomed = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
  await ok('ScheduleKeyDeletion', { KeyId: doomed.KeyId, PendingWindowInDays: '30' });
  const refused = await call('UpdateAlias', { AliasName, KeyId: doomed.KeyId });
  expectRefusal(refused, 409, 'Rejected.PendingDeletion');
  const resolve = async () => (await ok('DescribeKey', { KeyId: AliasName }))['KeyMetadata'];
  expect(await resolve()).toMatchObject({ KeyId: oldKey['KeyId'] });
  await ok('UpdateAlias', { AliasName, KeyId: target.KeyId });
  expect(await resolve()).toMatchObject({ KeyId: target.KeyId });
});
