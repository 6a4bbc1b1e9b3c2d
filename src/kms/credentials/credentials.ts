/** What signs a request, where it came from, and the interface of whatever has it. */

import { KmsAsymError } from '../../errors.js';

/** An access key, permanent or temporary. */
export interface AccessKeyCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Of a temporary key. */
  readonly securityToken?: string;
}

/** A token that takes the place of a signature. */
export interface BearerCredentials {
  readonly bearerToken: string;
}

/** Credentials of this moment. */
export type Credentials = (AccessKeyCredentials | BearerCredentials) & {
  /** Where they come from in words of the protocol, for example `env` or `cli_profile/ram_role_arn`. */
  readonly provider: string;
};

/** One place that credentials come from; temporary ones are renewed by it. */
export interface CredentialProvider {
  /** For people: `the environment`, `profile "x" of the aliyun CLI`, …. */
  readonly title: string;
  /** What was read once holds until the program ends. */
  readonly isLasting?: boolean;
  /** `signal` ends the look-up. */
  read(signal: AbortSignal): Promise<Credentials>;
}

const SENDABLE = /^[\x21-\x7e]*$/;

/** Returns `credentials` of `title`; throws `credentials` where something that is part of none got into them. */
export function requireSendable(credentials: Credentials, title: string): Credentials {
  const parts =
    'bearerToken' in credentials
      ? { 'bearer token': credentials.bearerToken }
      : {
          'access key id': credentials.accessKeyId,
          'access key secret': credentials.accessKeySecret,
          'security token': credentials.securityToken ?? '',
        };
  // A configuration file may have anything there, whatever the types of its reader say.
  const bad = Object.entries<unknown>(parts).find(
    ([, value]) => typeof value !== 'string' || !SENDABLE.test(value),
  );
  if (bad === undefined) return credentials;
  throw new KmsAsymError(
    'credentials',
    `the ${bad[0]} from ${title} holds a character that cannot be part of it`,
    {
      hints: ['look for a line break or a space at its end'],
    },
  );
}
