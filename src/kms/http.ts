/**
 * One HTTP exchange at a time over node:http or node:https, with what the vendor's transport cannot do: separate
 * deadlines for the connection and for the whole answer, a cap on the answer, cancellation, authorities added to
 * the default ones, and an agent of one's choice (a CONNECT proxy, for example).
 *
 * Invariants: certificates are always verified, redirects are never followed, and no peer can make an exchange
 * last longer than `connectTimeoutMs + readTimeoutMs` or hold more than `maxBodyBytes`.
 */

import * as http from 'node:http';
import type { SecureContext } from 'node:tls';
import { KmsAsymError } from '../errors.js';
import { Exchange } from './exchange.js';

/** How exchanges are made. */
export interface HttpOptions {
  /** Deadline in milliseconds for TCP and TLS, and for a proxy to open the way. */
  readonly connectTimeoutMs: number;
  /** Deadline in milliseconds from the standing connection to the last byte of the answer. */
  readonly readTimeoutMs: number;
  /** Largest answer in bytes; 1 MiB when absent. */
  readonly maxBodyBytes?: number;
  /** PEM text of authorities trusted besides the default ones. */
  readonly caPem?: string;
  /** Used instead of an own keep-alive agent; `close` then leaves it alone. */
  readonly agent?: http.Agent;
  /** Ends every exchange, whatever it waits for. */
  readonly signal?: AbortSignal;
  /** `process.env` when absent. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A request without a body, which is all this API needs. */
interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A whole answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends requests to one protocol's endpoints, reusing connections. */
export interface HttpChannel {
  /** Rejects with a `KmsAsymError`: `network`, `timeout` or `invalid-response`. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes the connections of the own agent. */
  close(): void;
}

/** Opens a channel; throws `configuration` for unusable TLS settings. */
export async function openHttpChannel(
  protocol: 'https:' | 'http:',
  options: HttpOptions,
): Promise<HttpChannel> {
  const env = options.env ?? process.env;
  refuseUnverifiedTls(env);
  const secure = protocol === 'https:' ? await import('node:https') : undefined;
  const tlsOptions = secure && { rejectUnauthorized: true, ...(await secureContextOf(options.caPem, env)) };
  const { request, Agent } = secure ?? http;
  // The agent's own name for a connection leaves the context out, which is safe as it only ever sees this one.
  const ownAgent = options.agent === undefined ? new Agent({ keepAlive: true }) : undefined;
  const agent = options.agent ?? ownAgent;
  return {
    send: ({ url, method, headers }) =>
      new Exchange(options, url.host, () =>
        request(url, { method, headers, agent, ...FAMILY_OPTIONS, ...tlsOptions }),
      ).run(),
    close: () => ownAgent?.destroy(),
  };
}

/** Node gives each address of a host 250 ms before it tries the next: too little between continents. */
const FAMILY_OPTIONS = { autoSelectFamilyAttemptTimeout: 1500 };

function refuseUnverifiedTls(env: NodeJS.ProcessEnv): void {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return;
  throw new KmsAsymError('configuration', 'NODE_TLS_REJECT_UNAUTHORIZED=0 turns certificate checks off', {
    hints: ['unset NODE_TLS_REJECT_UNAUTHORIZED; a private authority comes with --ca-file FILE'],
  });
}

async function secureContextOf(
  caPem: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<{ secureContext?: SecureContext }> {
  if (caPem === undefined) return {};
  const { trustingContext } = await import('./trusted-roots.js');
  return { secureContext: trustingContext(caPem, env) };
}
