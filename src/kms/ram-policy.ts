/** Statements of RAM policies: what would allow a call that was denied (RAM policy language, version 1). */

import type { CallSubject } from './call-error.js';

/** One statement, as it is written in a policy. */
export interface RamStatement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: string;
}

const KEY_ARN = /acs:kms:[a-z0-9-]+:\d+:key\/[\w-]+/;

/** The statement that allows `actions`, for example `AsymmetricDecrypt`, on `resource`. */
export function allowStatement(actions: readonly string[], resource: string): RamStatement {
  const names = actions.map((action) => `kms:${action}`);
  return { Effect: 'Allow', Action: names.length === 1 ? names.join('') : names, Resource: resource };
}

/**
 * What a denied call was about: the ARN in the service's message, or as much of one as is known here. An alias stands
 * for a key that only the service knows, and RAM looks at keys alone.
 */
export function deniedResource({ keyId, host }: CallSubject, message = ''): string {
  const arn = KEY_ARN.exec(message) ?? KEY_ARN.exec(keyId ?? '');
  if (arn) return arn[0];
  const region = /^kms(?:-vpc)?\.([a-z0-9-]+)\.aliyuncs\.com$/.exec(host ?? '')?.[1] ?? '*';
  if (keyId === undefined) return `acs:kms:${region}:*:key`;
  return `acs:kms:${region}:*:key/${/^[\w-]+$/.test(keyId) ? keyId : '*'}`;
}
