/** The parameters that name keys, versions and aliases, resolved to what they stand for. */
import type { Call } from './action.js';
import { ALIAS_PREFIX, parseArn } from '../keys/identifiers.js';
import type { Key, KeyVersion } from '../keys/key.js';
import { invalidParameter, Refusal } from '../refusal.js';

const ALIAS_NAME = /^alias\/[A-Za-z0-9_\-/]{1,255}$/;

/** What the service keeps for its own aliases. */
const RESERVED_PREFIX = 'alias/acs';

/** The key that KeyId names by id, alias, key ARN or alias ARN. Throws {@link Refusal}. */
export function findKey(call: Call): Key {
  const reference = call.parameters.required('KeyId');
  return lookUp(call, reference.startsWith('acs:') ? resourceOf(call, reference) : reference);
}

/** The key that KeyId names where the service takes ids alone. Throws {@link Refusal}. */
export function findKeyById(call: Call): Key {
  const reference = call.parameters.required('KeyId');
  const arn = parseArn(reference);
  if ((arn?.resource ?? reference).startsWith(ALIAS_PREFIX)) throw new Refusal('Unsupported.Alias');
  if (arn !== undefined) throw invalidParameter('KeyId');
  return lookUp(call, reference);
}

/** The key that KeyId names by id or key ARN (ListAliasesByKeyId). Throws {@link Refusal}. */
export function findKeyByIdOrArn(call: Call): Key {
  const reference = call.parameters.required('KeyId');
  return reference.startsWith('acs:') ? findKeyByArn(call, 'KeyId') : findKeyById(call);
}

/** The key whose ARN the parameter `name` is. Throws {@link Refusal}. */
export function findKeyByArn(call: Call, name: string): Key {
  const reference = call.parameters.required(name);
  const arn = parseArn(reference);
  if (arn === undefined) throw invalidParameter(name);
  if (arn.resource.startsWith(ALIAS_PREFIX)) throw new Refusal('Unsupported.Alias');
  return lookUp(call, resourceOf(call, reference));
}

/** The version of `key` that KeyVersionId names. Throws {@link Refusal}, also for versions of other keys. */
export function findVersion(call: Call, key: Key): KeyVersion {
  const keyVersionId = call.parameters.required('KeyVersionId');
  const version = key.versions.find((candidate) => candidate.keyVersionId === keyVersionId);
  if (version === undefined) throw new Refusal('Forbidden.KeyVersionNotFound');
  return version;
}

/** The AliasName parameter, well formed and not one of the service's own. Throws {@link Refusal}. */
export function readAliasName({ parameters }: Call): string {
  const aliasName = parameters.required('AliasName');
  if (!isAliasName(aliasName)) throw invalidParameter('AliasName');
  return aliasName;
}

/** Whether a text is the name of an alias that users may have. */
export function isAliasName(text: string): boolean {
  return ALIAS_NAME.test(text) && !text.startsWith(RESERVED_PREFIX);
}

function lookUp(call: Call, reference: string): Key {
  const isAlias = reference.startsWith(ALIAS_PREFIX);
  const keyId = isAlias ? call.aliases.require(reference).keyId : reference;
  const key = call.keys.find(keyId);
  if (key === undefined) throw new Refusal('Forbidden.KeyNotFound');
  return key;
}

function resourceOf({ account }: Call, reference: string): string {
  const arn = parseArn(reference);
  if (arn?.region !== account.region || arn.accountId !== account.accountId) {
    throw new Refusal('Forbidden.KeyNotFound');
  }
  return arn.resource;
}
