/** Keys and their states. */
import * as kms from '@alicloud/kms20160120';
import type { Model } from '@alicloud/tea-typescript';
import type { Call } from './call.js';
import { CallError } from './call-error.js';
import type { ChangeOutput, CreateKeyInput, KeyFilter, KeyMetadata, KmsClient, ListedKey } from './client.js';
import { Fields } from './fields.js';
import { settle } from './lost-answer.js';
import {
  CreateInstanceKeyRequest,
  KeyMetadataResponse,
  ListSomeKeysRequest,
  tagsParameter,
} from './models.js';
import { keyMetadata, type Loose } from './outputs.js';
import { allPages, PAGE_SIZE } from './pages.js';

type KeyActions = Pick<
  KmsClient,
  | 'createKey'
  | 'describeKey'
  | 'listKeys'
  | 'enableKey'
  | 'disableKey'
  | 'scheduleKeyDeletion'
  | 'cancelKeyDeletion'
>;

const MAX_PAGES = 1000;
/** The refusal of a state change that the state of the key does not allow. */
const WRONG_STATE = 'Rejected.StateModifiedFailed';

/** The actions on keys. */
export function keyActions(call: Call): KeyActions {
  const describeKey = async (keyId: string): Promise<KeyMetadata> => {
    const request = new kms.DescribeKeyRequest({ keyId });
    return keyMetadata('DescribeKey', await call('DescribeKey', request, new KeyMetadataResponse({})));
  };
  const isCondemned = async (keyId: string): Promise<boolean> =>
    (await describeKey(keyId)).keyState === 'PendingDeletion';
  return {
    createKey: (input) => createKey(call, input),
    describeKey,
    listKeys: (filters) => listKeys(call, filters),
    enableKey: (keyId) => change(call, 'EnableKey', new kms.EnableKeyRequest({ keyId })),
    disableKey: (keyId) => change(call, 'DisableKey', new kms.DisableKeyRequest({ keyId })),
    scheduleKeyDeletion: (keyId, pendingWindowInDays) =>
      settle({
        make: () =>
          change(
            call,
            'ScheduleKeyDeletion',
            new kms.ScheduleKeyDeletionRequest({ keyId, pendingWindowInDays }),
          ),
        refusal: WRONG_STATE,
        isMade: () => isCondemned(keyId),
      }),
    cancelKeyDeletion: (keyId) =>
      settle({
        make: () => change(call, 'CancelKeyDeletion', new kms.CancelKeyDeletionRequest({ keyId })),
        refusal: WRONG_STATE,
        isMade: async () => !(await isCondemned(keyId)),
      }),
  };
}

async function createKey(call: Call, { instanceId, tags, ...input }: CreateKeyInput): Promise<KeyMetadata> {
  const request = new CreateInstanceKeyRequest({
    ...input,
    dkmsInstanceId: instanceId,
    tags: tagsParameter(tags),
  });
  try {
    return keyMetadata('CreateKey', await call('CreateKey', request, new KeyMetadataResponse({})));
  } catch (error) {
    if (!(error instanceof CallError) || !error.facts.mayHaveActed) throw error;
    throw error.withHint('the key may exist all the same: look before you try again: kms-asym list-keys');
  }
}

async function listKeys(call: Call, filters: readonly KeyFilter[] = []): Promise<ListedKey[]> {
  const conditions =
    filters.length === 0
      ? undefined
      : JSON.stringify(filters.map(({ name, values }) => ({ Key: name, Values: values })));
  return allPages({
    action: 'ListKeys',
    member: 'Keys',
    maxPages: MAX_PAGES,
    fetch: async (pageNumber) => {
      const request = new ListSomeKeysRequest({ pageNumber, pageSize: PAGE_SIZE, filters: conditions });
      const response = new kms.ListKeysResponse({});
      const answer: Loose<typeof response> = await call('ListKeys', request, response);
      const keys: Loose<kms.ListKeysResponseKeys> | undefined = answer.keys;
      return { items: keys?.key, totalCount: answer.totalCount };
    },
    read: (key, fields) => ({
      keyId: fields.token(key.keyId, 'KeyId'),
      arn: fields.tokenIfAny(key.keyArn),
    }),
    idOf: ({ keyId }) => keyId,
  });
}

/** An action whose answer is nothing but a RequestId. */
async function change(call: Call, action: string, request: Model): Promise<ChangeOutput> {
  // All such answers have the same model.
  const answer = await call(action, request, new kms.EnableKeyResponse({}));
  return { requestId: new Fields(action).requestId(answer.requestId) };
}
