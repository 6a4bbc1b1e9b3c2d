/** The actions of the emulator by wire name. A new one is a file beside this and a line here. */
import type { Action } from '../call/action.js';
import { AsymmetricDecrypt } from './AsymmetricDecrypt.js';
import { AsymmetricEncrypt } from './AsymmetricEncrypt.js';
import { AsymmetricSign } from './AsymmetricSign.js';
import { AsymmetricVerify } from './AsymmetricVerify.js';
import { CancelKeyDeletion } from './CancelKeyDeletion.js';
import { CreateAlias } from './CreateAlias.js';
import { CreateKey } from './CreateKey.js';
import { CreateKeyVersion } from './CreateKeyVersion.js';
import { DeleteAlias } from './DeleteAlias.js';
import { DescribeAccountKmsStatus } from './DescribeAccountKmsStatus.js';
import { DescribeKey } from './DescribeKey.js';
import { DescribeKeyVersion } from './DescribeKeyVersion.js';
import { DescribeRegions } from './DescribeRegions.js';
import { DisableKey } from './DisableKey.js';
import { EnableKey } from './EnableKey.js';
import { GetPublicKey } from './GetPublicKey.js';
import { ListAliases } from './ListAliases.js';
import { ListAliasesByKeyId } from './ListAliasesByKeyId.js';
import { ListKeyVersions } from './ListKeyVersions.js';
import { ListKeys } from './ListKeys.js';
import { ListResourceTags } from './ListResourceTags.js';
import { ScheduleKeyDeletion } from './ScheduleKeyDeletion.js';
import { SetDeletionProtection } from './SetDeletionProtection.js';
import { TagResource } from './TagResource.js';
import { UntagResource } from './UntagResource.js';
import { UpdateAlias } from './UpdateAlias.js';
import { UpdateKeyDescription } from './UpdateKeyDescription.js';

/** Every action, by the name that requests carry. */
export const ACTIONS = {
  AsymmetricDecrypt,
  AsymmetricEncrypt,
  AsymmetricSign,
  AsymmetricVerify,
  CancelKeyDeletion,
  CreateAlias,
  CreateKey,
  CreateKeyVersion,
  DeleteAlias,
  DescribeAccountKmsStatus,
  DescribeKey,
  DescribeKeyVersion,
  DescribeRegions,
  DisableKey,
  EnableKey,
  GetPublicKey,
  ListAliases,
  ListAliasesByKeyId,
  ListKeyVersions,
  ListKeys,
  ListResourceTags,
  ScheduleKeyDeletion,
  SetDeletionProtection,
  TagResource,
  UntagResource,
  UpdateAlias,
  UpdateKeyDescription,
} satisfies Record<string, Action>;

/** The action of this name, if the emulator has it. */
export function findAction(name: string): Action | undefined {
  return Object.hasOwn(ACTIONS, name) ? ACTIONS[name as keyof typeof ACTIONS] : undefined;
}
