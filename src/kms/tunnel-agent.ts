/**
 * An agent that reaches its hosts through a CONNECT proxy and keeps the tunnels. Unlike the one it is made from it lets
 * go of a proxy that was asked for a tunnel in vain: else such a connection would hold the process.
 */

import type { ClientRequest } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { Proxy } from './proxy.js';
import type { TlsTerms } from './tls-terms.js';

/** Added to the options of a request: ends a tunnel that does not stand yet. */
export interface TunnelOptions {
  readonly tunnelSignal: AbortSignal;
}

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Tunnels through one proxy. */
export class TunnelAgent extends HttpsProxyAgent<string> {
  /** `tls` is for a proxy that is spoken to over TLS itself. */
  constructor({ url }: Proxy, tls: TlsTerms) {
    // Made when it is wanted: Node shows what an agent holds with NODE_DEBUG.
    const headers = (): Record<string, string> => authorization(url);
    // Connect options are handed on to node:tls, which the types do not say.
    const options = { keepAlive: true, rejectUnauthorized: true, headers, ...tls };
    super(url.origin, options);
  }

  override connect(request: ClientRequest, options: ConnectOptions & Partial<TunnelOptions>) {
    const { tunnelSignal } = options;
    // Read by the base class before it first waits, so that requests side by side do not meet.
    if (tunnelSignal !== undefined) this.connectOpts = { ...this.connectOpts, signal: tunnelSignal };
    return super.connect(request, options);
  }
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
