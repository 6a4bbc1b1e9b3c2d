/** A gateway that repeats what it was sent must not bring secrets onto a terminal or into a log. */

import type { Credentials } from './credentials/credentials.js';

/** What is shorter is no secret of the service's, and would tear words apart. */
const MIN_SECRET_CHARS = 8;

/** `body` without `signature` and the secrets of `credentials`. */
export function withoutSecrets(body: Buffer, credentials: Credentials, signature = ''): Buffer {
  const secrets =
    'bearerToken' in credentials
      ? [credentials.bearerToken]
      : [credentials.accessKeySecret, credentials.securityToken ?? ''];
  return withoutTexts(body, [...secrets, signature]);
}

/** `body`, of which nothing is shown unless it is JSON in UTF-8, without `secrets`, as they are and as a URL spells them. */
export function withoutTexts(body: Buffer, secrets: readonly string[]): Buffer {
  const spellings = secrets
    .filter((secret) => secret.length >= MIN_SECRET_CHARS)
    .flatMap((secret) => [secret, encodeURIComponent(secret)]);
  return Buffer.from(
    spellings.reduce((told, secret) => told.replaceAll(secret, '[hidden]'), plainJson(body.toString('utf8'))),
  );
}

/** The same JSON with nothing escaped that need not be: some write "=" or "/" as an escape. Other text as it is. */
function plainJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}
