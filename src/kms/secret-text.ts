/** A gateway that repeats what it was sent must not bring secrets onto a terminal or into a log. */

import type { Credentials } from './credentials/credentials.js';

/** What is shorter is no secret of the service's, and would tear words apart. */
const MIN_SECRET_CHARS = 8;

/** `body` without `signature` and the secrets of `credentials`, as they are and as a URL spells them. */
export function withoutSecrets(body: Buffer, credentials: Credentials, signature = ''): Buffer {
  const secrets =
    'bearerToken' in credentials
      ? [credentials.bearerToken]
      : [credentials.accessKeySecret, credentials.securityToken ?? ''];
  const spellings = [...secrets, signature]
    .filter((secret) => secret.length >= MIN_SECRET_CHARS)
    .flatMap((secret) => [secret, encodeURIComponent(secret)]);
  const text = body.toString('latin1');
  return Buffer.from(
    spellings.reduce((told, secret) => told.replaceAll(secret, '[hidden]'), text),
    'latin1',
  );
}
