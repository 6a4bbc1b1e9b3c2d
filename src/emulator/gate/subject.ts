/** Which key a call works on, for those who ask before the action does: permissions and the log. */
import type { Call } from '../call/action.js';
import { ALIAS_PREFIX, parseArn } from '../keys/identifiers.js';

/** Parameters that name a key, the telling one first. */
const NAMING = ['KeyId', 'ProtectedResourceArn', 'AliasName'];

/** The id of the key that a call is about; `undefined` when it names none that exists. */
export function subjectOf(call: Call): string | undefined {
  const names = NAMING.map((parameter) => call.parameters.optional(parameter));
  const name = names.find((value) => value !== undefined);
  return name === undefined ? undefined : resolveKeyId(call, name);
}

/** The id of the key that an id, an alias or an ARN stands for; `undefined` when there is none. */
export function resolveKeyId(
  { keys, aliases, account }: Pick<Call, 'keys' | 'aliases' | 'account'>,
  name: string,
): string | undefined {
  const arn = parseArn(name);
  if (arn && (arn.region !== account.region || arn.accountId !== account.accountId)) return undefined;
  const resource = arn?.resource ?? name;
  if (!resource.startsWith(ALIAS_PREFIX)) return keys.find(resource)?.keyId;
  return aliases.snapshot().find(({ aliasName }) => aliasName === resource)?.keyId;
}
