/** Models of today's API that version 1.2.0 of the vendor's package does not have yet. */

import {
  CreateKeyRequest,
  DescribeKeyResponse,
  DescribeKeyResponseKeyMetadata,
  ListKeysRequest,
} from '@alicloud/kms20160120';

/** CreateKey with the instance that holds the key, and tags. */
export class CreateInstanceKeyRequest extends CreateKeyRequest {
  // Declared only: a field definition would run after the base constructor and wipe what it has set.
  /** `kst-…`. */
  declare dkmsInstanceId?: string;
  /** JSON text, `[{"TagKey":…,"TagValue":…}]`. */
  declare tags?: string;

  static override names(): Record<string, string> {
    return { ...super.names(), dkmsInstanceId: 'DKMSInstanceId', tags: 'Tags' };
  }

  static override types(): Record<string, unknown> {
    return { ...super.types(), dkmsInstanceId: 'string', tags: 'string' };
  }
}

/** The `Tags` parameter of CreateKey, or `undefined` for no tags. */
export function tagsParameter(tags: readonly { key: string; value: string }[] = []): string | undefined {
  if (tags.length === 0) return undefined;
  return JSON.stringify(tags.map(({ key, value }) => ({ TagKey: key, TagValue: value })));
}

/** ListKeys of some keys only. */
export class ListSomeKeysRequest extends ListKeysRequest {
  /** JSON text, `[{"Key":…,"Values":[…]}]`. */
  declare filters?: string;

  static override names(): Record<string, string> {
    return { ...super.names(), filters: 'Filters' };
  }

  static override types(): Record<string, unknown> {
    return { ...super.types(), filters: 'string' };
  }
}

/** The metadata of a key that may live in an instance and be protected. */
export class InstanceKeyMetadata extends DescribeKeyResponseKeyMetadata {
  /** `kst-…`. */
  declare dkmsInstanceId?: string;
  /** `Enabled` or `Disabled`. */
  declare deletionProtection?: string;

  static override names(): Record<string, string> {
    return {
      ...super.names(),
      dkmsInstanceId: 'DKMSInstanceId',
      deletionProtection: 'DeletionProtection',
    };
  }

  static override types(): Record<string, unknown> {
    return { ...super.types(), dkmsInstanceId: 'string', deletionProtection: 'string' };
  }
}

/** The answer to CreateKey and DescribeKey. */
export class KeyMetadataResponse extends DescribeKeyResponse {
  declare keyMetadata: InstanceKeyMetadata;

  static override types(): Record<string, unknown> {
    return { ...super.types(), keyMetadata: InstanceKeyMetadata };
  }
}
