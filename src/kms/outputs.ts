/** From the vendor's response models, whose members nobody has checked, to the outputs of the client interface. */

import type { KeyMetadata, KeyVersionRef } from './client.js';
import { Fields } from './fields.js';
import type { InstanceKeyMetadata, KeyMetadataResponse } from './models.js';

/** A model as it really is after a cast: every member may be missing. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The metadata in the answer to `action`. */
export function keyMetadata(action: string, answer: Loose<KeyMetadataResponse>): KeyMetadata {
  const fields = new Fields(action);
  const metadata: Loose<InstanceKeyMetadata> | undefined = answer.keyMetadata;
  if (metadata === undefined) throw fields.invalid('KeyMetadata');
  return {
    keyId: fields.token(metadata.keyId, 'KeyId'),
    arn: fields.tokenIfAny(metadata.arn),
    keySpec: fields.tokenIfAny(metadata.keySpec),
    keyUsage: fields.tokenIfAny(metadata.keyUsage),
    keyState: fields.tokenIfAny(metadata.keyState),
    protectionLevel: fields.tokenIfAny(metadata.protectionLevel),
    origin: fields.tokenIfAny(metadata.origin),
    creationDate: fields.tokenIfAny(metadata.creationDate),
    deleteDate: fields.tokenIfAny(metadata.deleteDate),
    creator: fields.tokenIfAny(metadata.creator),
    description: fields.textIfAny(metadata.description),
    instanceId: fields.tokenIfAny(metadata.dkmsInstanceId),
    deletionProtection: fields.tokenIfAny(metadata.deletionProtection),
    requestId: fields.requestId(answer.requestId),
  };
}

/** The resolved ids of an answer, which must be the requested ones where those were ids already. */
export function resolved(
  fields: Fields,
  asked: KeyVersionRef,
  answer: Loose<KeyVersionRef & { requestId: string }>,
): KeyVersionRef & { requestId: string } {
  const keyId = fields.token(answer.keyId, 'KeyId');
  const keyVersionId = fields.token(answer.keyVersionId, 'KeyVersionId');
  // The service resolves aliases and ARNs; an id can only come back as itself.
  const isId = !/^(?:alias\/|acs:)/.test(asked.keyId);
  if (isId && keyId !== asked.keyId) throw fields.invalid('KeyId');
  if (keyVersionId !== asked.keyVersionId) throw fields.invalid('KeyVersionId');
  return { keyId, keyVersionId, requestId: fields.requestId(answer.requestId) };
}
