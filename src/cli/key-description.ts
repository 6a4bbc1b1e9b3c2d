/** What is known about a key, for people and for programs, in the words of the service. */
import type { KeyMetadata } from '../kms/client.js';

/** The metadata of a key and its aliases; members that are not known are `undefined`. */
export interface KeyDescription {
  readonly KeyId: string;
  readonly KeyState: string | undefined;
  readonly KeySpec: string | undefined;
  readonly KeyUsage: string | undefined;
  readonly ProtectionLevel: string | undefined;
  readonly Origin: string | undefined;
  readonly DKMSInstanceId: string | undefined;
  readonly Aliases: readonly string[] | undefined;
  readonly Description: string | undefined;
  readonly CreationDate: string | undefined;
  readonly DeleteDate: string | undefined;
  readonly DeletionProtection: string | undefined;
  readonly Creator: string | undefined;
  readonly Arn: string | undefined;
}

/** Puts together what DescribeKey and the lists of aliases said. */
export function describe(key: KeyMetadata, aliases: readonly string[] | undefined): KeyDescription {
  return {
    KeyId: key.keyId,
    KeyState: key.keyState,
    KeySpec: key.keySpec,
    KeyUsage: key.keyUsage,
    ProtectionLevel: key.protectionLevel,
    Origin: key.origin,
    DKMSInstanceId: key.instanceId,
    Aliases: aliases,
    Description: key.description,
    CreationDate: key.creationDate,
    DeleteDate: key.deleteDate,
    DeletionProtection: key.deletionProtection,
    Creator: key.creator,
    Arn: key.arn,
  };
}
