/**
 * One HTTP exchange at a time over node:http or node:https, with what the vendor's transport cannot do: separate
 * deadlines for the connection and for the whole answer, a cap on the answer, cancellation, authorities added to
 * the default ones, and proxies.
 *
 * Invariants: certificates are always verified, over TLS 1.2 at least, redirects are never followed, and no peer can make an
 * exchange last longer than `connectTimeoutMs + readTimeoutMs` or hold more than `maxBodyBytes`. Headers and the query are no
 * part of the options a request is made with, because Node shows those with NODE_DEBUG.
 */

import * as http from 'node:http';
import type { TLSSocket } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { KmsAsymError } from '../errors.js';
import { Exchange } from './exchange.js';
import { type Proxy, proxyFor } from './proxy.js';
import { LEAST_TLS, type TlsTerms } from './tls-terms.js';

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
  /** `process.env` when absent. */
  readonly env?: NodeJS.ProcessEnv;
}

/** One request. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Ends the exchange, whatever it waits for. */
  readonly signal?: AbortSignal | undefined;
  /** In place of those in {@link HttpOptions}. */
  readonly deadlines?: Pick<HttpOptions, 'connectTimeoutMs' | 'readTimeoutMs'>;
  /** Shown the verified connection as soon as an answer comes over it. */
  readonly onSecure?: (socket: TLSSocket) => void;
}

/** A whole answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The way one request takes. */
interface Route {
  readonly request: (options: http.RequestOptions) => http.ClientRequest;
  readonly proxy: Proxy | undefined;
}

/** Node gives each address of a host 250 ms before it tries the next: too little between continents. */
const FAMILY_OPTIONS = { autoSelectFamilyAttemptTimeout: 1500 };

/** Sends requests, reusing connections. */
export class HttpChannel {
  readonly #options: HttpOptions;
  /** The one it was made for. */
  readonly env: NodeJS.ProcessEnv;
  readonly #agents = new Map<string, http.Agent>();
  /** By origin. */
  readonly #routes = new Map<string, Promise<Route>>();
  #tls: Promise<TlsTerms> | undefined;

  /** Throws `configuration` when certificates would not be checked. */
  constructor(options: HttpOptions) {
    this.#options = options;
    this.env = options.env ?? process.env;
    refuseUnverifiedTls(this.env);
  }

  /** Rejects with a `KmsAsymError`: `network`, `timeout`, `invalid-response`, or `configuration` of proxy or TLS. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const route = await this.route(request.url);
    return new Exchange(this.#options, request, route.proxy, (extra) =>
      route.request({ method: request.method, ...FAMILY_OPTIONS, ...extra }),
    ).run();
  }

  /** Prepares what requests to the origin of `url` need, once; rejects with `configuration` of proxy or TLS. */
  route({ origin }: URL): Promise<Route> {
    const route = this.#routes.get(origin) ?? this.#routeTo(new URL(origin));
    this.#routes.set(origin, route);
    return route;
  }

  async #routeTo(url: URL): Promise<Route> {
    const target = urlToHttpOptions(url);
    if (url.protocol !== 'https:') {
      const agent = this.#agent('http:', () => new http.Agent({ keepAlive: true }));
      return { proxy: undefined, request: (options) => http.request({ ...target, ...options, agent }) };
    }
    const proxy = proxyFor(url, this.env);
    const [https, tls] = await Promise.all([import('node:https'), this.#terms()]);
    // An agent's own name for a connection leaves the context out, which is safe as it only ever sees this one.
    const agent =
      proxy === undefined
        ? this.#agent('https:', () => new https.Agent({ keepAlive: true }))
        : await this.#tunnelAgent(proxy, tls);
    return {
      proxy,
      request: (options) => https.request({ ...target, ...options, agent, rejectUnauthorized: true, ...tls }),
    };
  }

  /** Closes the connections that wait to be used again. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
    this.#routes.clear();
  }

  #agent(key: string, make: () => http.Agent): http.Agent {
    const agent = this.#agents.get(key) ?? make();
    this.#agents.set(key, agent);
    return agent;
  }

  async #tunnelAgent(proxy: Proxy, tls: TlsTerms): Promise<http.Agent> {
    const { TunnelAgent } = await import('./tunnel-agent.js');
    return this.#agent(`proxy ${proxy.url.href}`, () => new TunnelAgent(proxy, tls));
  }

  #terms(): Promise<TlsTerms> {
    return (this.#tls ??= termsOf(this.#options.caPem, this.env));
  }
}

function refuseUnverifiedTls(env: NodeJS.ProcessEnv): void {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return;
  throw new KmsAsymError('configuration', 'NODE_TLS_REJECT_UNAUTHORIZED=0 turns certificate checks off', {
    hints: ['unset NODE_TLS_REJECT_UNAUTHORIZED; a private authority comes with --ca-file FILE'],
  });
}

async function termsOf(caPem: string | undefined, env: NodeJS.ProcessEnv): Promise<TlsTerms> {
  if (caPem === undefined) return LEAST_TLS;
  const { trustingContext } = await import('./trusted-roots.js');
  return { ...LEAST_TLS, secureContext: trustingContext(caPem, env) };
}
