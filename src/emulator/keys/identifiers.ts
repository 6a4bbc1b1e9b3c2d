/** How the service names keys, versions, aliases and access keys ("Resource types" of the KMS RAM reference). */
import { randomInt, randomUUID } from 'node:crypto';

/** Whose keys these are, and where. */
export interface Account {
  /** Sixteen digits. */
  readonly accountId: string;
  /** Region id, for example `cn-hangzhou`. */
  readonly region: string;
}

/** What an ARN says. */
export interface Arn extends Account {
  /** Key id, or alias name with its `alias/`. */
  readonly resource: string;
}

const LOWER_ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ALPHANUMERIC = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${LOWER_ALPHANUMERIC}`;

/** What every alias name begins with. */
export const ALIAS_PREFIX = 'alias/';

/** A fresh key id: `key-hzz` and 18 lower-case letters and digits. */
export function newKeyId(): string {
  return `key-hzz${randomText(LOWER_ALPHANUMERIC, 18)}`;
}

/** A fresh key version id: a UUID. */
export function newKeyVersionId(): string {
  return randomUUID();
}

/** A fresh access key: an id of 24 characters beginning with `LTAI`, a secret of 30. */
export function newAccessKey(): { readonly id: string; readonly secret: string } {
  return { id: `LTAI5t${randomText(ALPHANUMERIC, 18)}`, secret: randomText(ALPHANUMERIC, 30) };
}

/** `acs:kms:<region>:<account>:key/<id>`. */
export function keyArn({ region, accountId }: Account, keyId: string): string {
  return `acs:kms:${region}:${accountId}:key/${keyId}`;
}

/** `acs:kms:<region>:<account>:alias/<name>`; `aliasName` has its `alias/` already. */
export function aliasArn({ region, accountId }: Account, aliasName: string): string {
  return `acs:kms:${region}:${accountId}:${aliasName}`;
}

/** Reads the ARN of a key or an alias; `undefined` for any other text. */
export function parseArn(text: string): Arn | undefined {
  const [, region, accountId, kind, name] = /^acs:kms:([^:]*):([^:]*):(key\/|alias\/)(.+)$/.exec(text) ?? [];
  if (region === undefined || accountId === undefined || name === undefined) return undefined;
  return { region, accountId, resource: kind === ALIAS_PREFIX ? `${ALIAS_PREFIX}${name}` : name };
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
