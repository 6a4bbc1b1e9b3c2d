/**
 * What a failed connection means, by the names Node, OpenSSL and the HTTP parser give their errors. One table:
 * adding a cause is one line.
 */

import { errnoOf } from '../errors.js';
import { CallError, invalidResponse } from './call-error.js';
import { isKnownRegion, similarRegion } from './regions.js';

/** What an error below HTTP means. */
interface Cause {
  /** Completes "cannot connect to …:". */
  readonly what: string;
  /** `{host}` stands for the host's name. */
  readonly hints?: readonly string[];
  /** True when the same call may well work a moment later. */
  readonly passing?: true;
}

const CA_FILE =
  'give the authority that signed it: --ca-file FILE (dedicated gateways use PrivateKmsCA_<instance id>.pem from the KMS console)';
const NOT_TLS = 'the endpoint does not speak TLS; an emulator on this machine wants "http://127.0.0.1:port"';
const OLD_TLS = 'the two sides agree on no version or cipher of TLS: 1.2 is the least that is spoken here';
const RESOLVE = 'check --region or --endpoint, and that this machine resolves names: nslookup {host}';
const HUNG_UP =
  'a firewall on the way may have hung up, or an endpoint that wants https:// in place of http://';

/** Hint for an answer that the service would not give. */
export const NOT_THE_SERVICE =
  'check --endpoint: something else than the service listens there, or stands before it';

const UNKNOWN_AUTHORITY: Cause = {
  what: 'its certificate comes from an unknown authority',
  hints: [CA_FILE],
};
const SELF_SIGNED: Cause = { what: 'its certificate is self-signed', hints: [CA_FILE] };
const LOST: Cause = { what: 'the connection was closed', passing: true, hints: [HUNG_UP] };
const NO_ROUTE: Cause = {
  what: 'the network is unreachable',
  passing: true,
  hints: ['dedicated and VPC endpoints are reachable from inside the VPC only'],
};

const DNS = ['ENOTFOUND', 'EAI_AGAIN'];

const CAUSES: Readonly<Record<string, Cause>> = {
  ENOTFOUND: { what: 'no such host', hints: [RESOLVE] },
  EAI_AGAIN: { what: 'the name server does not answer', passing: true, hints: [RESOLVE] },
  ECONNREFUSED: {
    what: 'connection refused',
    passing: true,
    hints: ['check --endpoint: nothing listens there'],
  },
  ECONNRESET: LOST,
  EPIPE: LOST,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  EMFILE: { what: 'too many open files', hints: ['"ulimit -n 4096" allows more'] },
  ETIMEDOUT: { what: 'the connection attempt timed out', passing: true },
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: {
    what: 'its certificate has expired',
    hints: ["compare this machine's clock; if it is right, the endpoint needs a new certificate"],
  },
  CERT_NOT_YET_VALID: {
    what: 'its certificate is not valid yet',
    hints: ["this machine's clock is probably behind"],
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'its certificate belongs to another host name',
    hints: ['use the host name that stands in the certificate as --endpoint'],
  },
  EPROTO: { what: 'the TLS handshake failed', hints: [NOT_TLS] },
};

/** What OpenSSL says when the other side does speak TLS. */
const TLS_REFUSED = /alert|unsupported protocol|no protocols available/i;
const NO_COMMON_TLS: Cause = { what: 'the TLS handshake failed', hints: [OLD_TLS] };

/**
 * The error for a failure below HTTP. `host` is `host[:port]`; `sent` says that the connection stood, so that the
 * request may have been carried out.
 */
export function networkError(error: unknown, host: string, sent: boolean): CallError {
  const code = errnoOf(error) ?? 'unknown';
  if (code.startsWith('HPE_'))
    return invalidResponse(`"${host}" does not answer in HTTP (${code})`, [NOT_THE_SERVICE]);
  const cause = causeOf(error, code);
  const what = cause?.what ?? code;
  const message = sent ? `no answer from "${host}": ${what}` : `cannot connect to "${host}": ${what}`;
  return new CallError(
    'network',
    message,
    { mayHaveActed: sent, ...(cause?.passing && { retryReason: `${what} (${code})` }) },
    { cause: error, hints: [...unknownRegionHint(code, host), ...hintsAbout(host, cause)] },
  );
}

function hintsAbout(host: string, cause: Cause | undefined): string[] {
  const name = host.replace(/:\d+$/, '');
  // Only what a shell takes as it stands.
  const word = /^\w[\w.-]*$/.test(name) ? name : 'HOST';
  return (cause?.hints ?? []).map((hint) => hint.replace('{host}', word));
}

function causeOf(error: unknown, code: string): Cause | undefined {
  const cause = explainErrno(code);
  const refused = cause === CAUSES['EPROTO'] && error instanceof Error && TLS_REFUSED.test(error.message);
  return refused ? NO_COMMON_TLS : cause;
}

/** What the system, OpenSSL or Node means by `code`; `undefined` when nobody has said yet. */
export function explainErrno(code: string): Cause | undefined {
  if (Object.hasOwn(CAUSES, code)) return CAUSES[code];
  return code.startsWith('ERR_SSL_') ? CAUSES['EPROTO'] : undefined;
}

function unknownRegionHint(code: string, host: string): string[] {
  const region = /^kms(?:-vpc)?\.([^.]+)\.aliyuncs\.com$/.exec(host)?.[1];
  if (!DNS.includes(code) || region === undefined || isKnownRegion(region)) return [];
  const similar = similarRegion(region);
  return [
    `there is no region "${region}" that this program knows${similar ? `: did you mean "${similar}"?` : ''}`,
  ];
}
