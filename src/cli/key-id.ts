/**
 * The key that a command changes. It is named by flag alone: a variable that was set for `encrypt` must not decide which
 * key is disabled or deleted.
 */
import { Option } from 'commander';
import type { KmsClient } from '../kms/client.js';
import { text } from './options.js';

/** The flag that every command which changes a key requires. */
export function requiredKeyId(description = 'key id, alias/… or ARN'): Option {
  return new Option('--key-id <id>', description).argParser(text).makeOptionMandatory();
}

/** The id behind an alias or ARN, since the actions that change a key take nothing else. */
export async function resolveKeyId(kms: KmsClient, keyId: string): Promise<string> {
  return /^(alias\/|acs:)/.test(keyId) ? (await kms.describeKey(keyId)).keyId : keyId;
}
