/** What goes wrong with a proxy before it has opened the way: not an error of the service, and nothing reached it. */

import { errnoOf } from '../errors.js';
import { CallError } from './call-error.js';
import { explainErrno } from './network-error.js';
import type { Proxy } from './proxy.js';

/** The error for a proxy that cannot be asked for a tunnel to `host`. */
export function proxyUnreachable(error: unknown, proxy: Proxy, host: string): CallError {
  const errno = errnoOf(error);
  const cause = errno === undefined ? undefined : explainErrno(errno);
  const what = cause?.what ?? 'it closed the connection or does not answer as a proxy';
  return new CallError(
    'network',
    `cannot connect to the proxy "${proxy.name}": ${what}`,
    { mayHaveActed: false, ...(cause?.passing && { retryReason: `proxy: ${what}` }) },
    {
      cause: error,
      hints: [...(isCertificateError(error) ? (cause?.hints ?? []) : []), 'check HTTPS_PROXY', bypass(host)],
    },
  );
}

/** The error for a proxy that answers the request for a tunnel to `host` with `status`. */
export function proxyRefused(status: number, proxy: Proxy, host: string): CallError {
  const passing = status >= 500;
  return new CallError(
    'network',
    `the proxy "${proxy.name}" ${reasonOf(status, proxy, host)} (HTTP ${status})`,
    { mayHaveActed: false, ...(passing && { retryReason: `proxy: HTTP ${status}` }) },
    { hints: [...(status === 407 ? [signIn(proxy)] : []), bypass(host)] },
  );
}

/** True when a certificate was not to be trusted, whoever showed it. */
export function isCertificateError(error: unknown): boolean {
  return /CERT|ISSUER|VERIFY/.test(errnoOf(error) ?? '');
}

/** `error` about a certificate that came through `proxy`, which may well have put it there. */
export function suspectProxy(error: CallError, { name }: Proxy): CallError {
  return error.withHint(
    `the proxy "${name}" may replace certificates: then its own authority is the one for --ca-file`,
  );
}

function reasonOf(status: number, proxy: Proxy, host: string): string {
  if (status >= 500) return `cannot reach "${host}"`;
  if (status !== 407) return `refuses to connect to "${host}"`;
  return proxy.hasCredentials
    ? 'does not accept the user name and password in HTTPS_PROXY'
    : 'wants a user name and password';
}

function signIn({ url, name }: Proxy): string {
  return `set HTTPS_PROXY=${url.protocol}//USER:PASSWORD@${name}`;
}

function bypass(host: string): string {
  return `if the service can be reached without the proxy: NO_PROXY=${host.replace(/:\d+$/, '')}`;
}
