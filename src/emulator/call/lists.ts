/** The list members of responses: what an alias and a key version look like in them. */
import { formatDate } from '../clock.js';
import type { Alias } from '../keys/alias-store.js';
import { type Account, aliasArn } from '../keys/identifiers.js';
import type { Key, KeyVersion } from '../keys/key.js';

/** An alias in `Aliases.Alias`. */
export function aliasItem(account: Account, { aliasName, keyId }: Alias): Record<string, string> {
  return { AliasName: aliasName, AliasArn: aliasArn(account, aliasName), KeyId: keyId };
}

/** A version in `KeyVersions.KeyVersion`, and the `KeyVersion` of single answers. */
export function versionItem({ keyId }: Pick<Key, 'keyId'>, version: KeyVersion): Record<string, string> {
  const { keyVersionId, createdMs } = version;
  return { KeyId: keyId, KeyVersionId: keyVersionId, CreationDate: formatDate(createdMs) };
}
