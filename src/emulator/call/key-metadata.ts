/** The `KeyMetadata` object of CreateKey and DescribeKey. */
import { formatDate } from '../clock.js';
import { type Account, keyArn } from '../keys/identifiers.js';
import { type Key, lastVersionMs } from '../keys/key.js';

/**
 * A key as the service describes it. All members are text. PrimaryKeyVersion is empty: asymmetric keys have no
 * primary version, callers always name one.
 */
export function keyMetadata(account: Account, key: Key): Record<string, string> {
  return {
    KeyId: key.keyId,
    Arn: keyArn(account, key.keyId),
    KeyState: key.state,
    KeyUsage: key.usage,
    KeySpec: key.spec,
    Origin: 'Aliyun_KMS',
    ProtectionLevel: key.protectionLevel,
    Creator: account.accountId,
    CreationDate: formatDate(key.createdMs),
    LastRotationDate: formatDate(lastVersionMs(key)),
    Description: key.description,
    PrimaryKeyVersion: '',
    AutomaticRotation: 'Disabled',
    MaterialExpireTime: '',
    ...(key.deleteMs !== undefined && { DeleteDate: formatDate(key.deleteMs) }),
    ...(key.instanceId !== undefined && { DKMSInstanceId: key.instanceId }),
  };
}
