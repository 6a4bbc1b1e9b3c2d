/** DescribeKeyVersion (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKey, findVersion } from '../call/key-reference.js';
import { versionItem } from '../call/lists.js';

/** Answers with a version of a key, whatever the key's state. */
export const DescribeKeyVersion: Action = (call) => {
  call.parameters.requireAll('KeyId', 'KeyVersionId');
  const key = findKey(call);
  return { KeyVersion: versionItem(key, findVersion(call, key)) };
};
