/** DescribeKey (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { keyMetadata } from '../call/key-metadata.js';
import { findKey } from '../call/key-reference.js';

/** Answers with a key's metadata, whatever its state. */
export const DescribeKey: Action = (call) => {
  const key = findKey(call);
  const { isEnabled, description } = key.deletionProtection;
  return {
    KeyMetadata: {
      ...keyMetadata(call.account, key),
      DeletionProtection: isEnabled ? 'Enabled' : 'Disabled',
      DeletionProtectionDescription: description,
    },
  };
};
