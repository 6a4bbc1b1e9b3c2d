/**
 * CreateKeyVersion (KMS API 2016-01-20). The documentation contradicts itself: the English pages give asymmetric keys
 * a new version every seven days, the newer Chinese ones none; the service mode decides.
 */
import type { Action } from '../call/action.js';
import { findKey } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';
import { versionItem } from '../call/lists.js';
import { Refusal } from '../refusal.js';

/** Answers with the new version, made in the device of the key. */
export const CreateKeyVersion: Action = async (call) => {
  call.parameters.requireAll('KeyId');
  const key = findKey(call);
  requireState(key, 'createVersion');
  if (call.serviceMode === 'instance') throw new Refusal('Rejected.UnsupportedOperation');
  return { KeyVersion: versionItem(key, await call.keys.addVersion(key.keyId)) };
};
