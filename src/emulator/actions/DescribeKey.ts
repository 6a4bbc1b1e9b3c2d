/** DescribeKey (KMS API 2016-01-20). */
import type { Action } from '../action.js';
import { keyMetadata } from '../key-metadata.js';
import { findKey } from '../key-reference.js';

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
