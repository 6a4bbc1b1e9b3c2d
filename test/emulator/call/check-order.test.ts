/** Which of several faults of one request is told: the order that `action.ts` promises; and what DryRun makes of it. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/emulator/call/action.js';
import { withDryRun } from '../../../src/emulator/call/dry-run.js';
import { Parameters } from '../../../src/emulator/call/parameters.js';
import { createKey, expectRefusal, runEmulator } from '../running.js';
import type { Params } from '../signer.js';

const running = runEmulator();
const { call, ok } = running;
const Digest = createHash('sha256').update('message').digest('base64');

type Step = readonly [repair: Params, status: number, code: string, message?: RegExp];

/** Repairs one fault after the other, and expects the next one to be told. */
async function walk(action: string, faulty: Params, steps: readonly Step[]): Promise<Params> {
  let params = faulty;
  for (const [repair, status, code, message = /./] of steps) {
    params = { ...params, ...repair };
    const answer = await call(action, params);
    expectRefusal(answer, status, code);
    expect(answer.json['Message']).toMatch(message);
  }
  return params;
}

describe('the order of the checks', () => {
  it('of AsymmetricSign: parameters, shapes, alias, version, state, algorithm', async () => {
    const { KeyId, KeyVersionId } = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
    await ok('DisableKey', { KeyId });
    await walk('AsymmetricSign', {}, [
      [{}, 400, 'MissingParameter', /"KeyId"/],
      [{ KeyId: 'alias/none' }, 400, 'MissingParameter', /"KeyVersionId"/],
      [{ KeyVersionId: 'none', Digest: '*' }, 400, 'MissingParameter', /"Algorithm"/],
      [{ Algorithm: 'none', Digest: '' }, 400, 'MissingParameter', /"Digest"/],
      [{ Digest: '*' }, 400, 'InvalidParameter', /Algorithm/],
      [{ Algorithm: 'RSA_PSS_SHA_256' }, 400, 'InvalidParameter', /Digest/],
      [{ Digest }, 404, 'Forbidden.AliasNotFound'],
      [{ KeyId: 'key-none' }, 404, 'Forbidden.KeyNotFound'],
      [{ KeyId }, 404, 'Forbidden.KeyVersionNotFound'],
      [{ KeyVersionId }, 409, 'Rejected.Disabled'],
    ]);
    await ok('EnableKey', { KeyId });
    const params = { KeyId, KeyVersionId, Digest };
    await walk('AsymmetricSign', params, [
      [{ Algorithm: 'RSA_PSS_SHA_256' }, 400, 'Rejected.UnsupportedOperation'],
    ]);
    await ok('AsymmetricSign', { ...params, Algorithm: 'ECDSA_SHA_256' });
  });

  it('of UpdateAlias: parameters, shapes, form of KeyId, key, alias, state', async () => {
    const { KeyId } = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
    await ok('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
    const other = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
    await ok('CreateAlias', { KeyId: other.KeyId, AliasName: 'alias/ordered' });
    await walk('UpdateAlias', {}, [
      [{}, 400, 'MissingParameter', /"KeyId"/],
      [{ KeyId: 'alias/ordered' }, 400, 'MissingParameter', /"AliasName"/],
      [{ AliasName: 'ordered' }, 400, 'InvalidParameter', /AliasName/],
      [{ AliasName: 'alias/none' }, 400, 'Unsupported.Alias'],
      [{ KeyId: 'key-none' }, 404, 'Forbidden.KeyNotFound'],
      [{ KeyId }, 404, 'Forbidden.AliasNotFound'],
      [{ AliasName: 'alias/ordered' }, 409, 'Rejected.PendingDeletion'],
    ]);
  });

  it('of ScheduleKeyDeletion: parameters, shapes, key, state, protection', async () => {
    const { KeyId, Arn } = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
    await ok('SetDeletionProtection', { ProtectedResourceArn: Arn, EnableDeletionProtection: 'true' });
    await walk('ScheduleKeyDeletion', {}, [
      [{}, 400, 'MissingParameter', /"KeyId"/],
      [{ KeyId: 'key-none' }, 400, 'MissingParameter', /"PendingWindowInDays"/],
      [{ PendingWindowInDays: '1' }, 400, 'InvalidParameter', /PendingWindowInDays/],
      [{ PendingWindowInDays: '7' }, 404, 'Forbidden.KeyNotFound'],
      [{ KeyId }, 400, 'Rejected.UnsupportedOperation', /protection/],
    ]);
  });
});

describe('DryRun', () => {
  const prepare = async () => {
    const { KeyId, KeyVersionId } = await createKey(running);
    const reference = { KeyId, KeyVersionId, Algorithm: 'RSAES_OAEP_SHA_256' };
    const { CiphertextBlob } = await ok('AsymmetricEncrypt', { ...reference, Plaintext: 'AAAA' });
    return { ...reference, Plaintext: 'AAAA', CiphertextBlob: String(CiphertextBlob) };
  };
  const ACTIONS = ['GetPublicKey', 'AsymmetricEncrypt', 'AsymmetricDecrypt'];

  it('never succeeds, and never tells a result', async () => {
    const params = await prepare();
    for (const action of ACTIONS) {
      const answer = await call(action, { ...params, DryRun: 'true' });
      expectRefusal(answer, 400, 'DryRunOperationError');
      expect(answer.text).not.toMatch(/AAAA|BEGIN PUBLIC KEY/);
    }
    const { KeyId, KeyVersionId } = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
    const signing = {
      KeyId,
      KeyVersionId,
      Algorithm: 'ECDSA_SHA_256',
      Digest,
      Value: 'AAAA',
      DryRun: 'true',
    };
    for (const action of ['AsymmetricSign', 'AsymmetricVerify']) {
      expectRefusal(await call(action, signing), 400, 'DryRunOperationError');
    }
  });

  it('tells what would have gone wrong', async () => {
    const params = await prepare();
    await ok('DisableKey', { KeyId: params.KeyId });
    const answer = await call('AsymmetricDecrypt', { ...params, DryRun: 'true' });
    expectRefusal(answer, 400, 'ValidationError');
    expect(answer.json['Message']).toMatch(/Rejected\.Disabled/);
    const missing = await call('AsymmetricDecrypt', { DryRun: 'true' });
    expectRefusal(missing, 400, 'ValidationError');
  });

  it('does not turn trouble inside into an answer about the request', async () => {
    const trouble = new Error('the token was removed');
    const action = withDryRun(() => Promise.reject(trouble));
    const parameters = new Parameters(new Map([['DryRun', 'true']]));
    await expect(action({ parameters } as Call)).rejects.toBe(trouble);
  });

  it('is off unless it says true', async () => {
    const params = await prepare();
    await ok('AsymmetricDecrypt', { ...params, DryRun: 'false' });
    expectRefusal(await call('AsymmetricDecrypt', { ...params, DryRun: 'yes' }), 400, 'InvalidParameter');
  });
});
