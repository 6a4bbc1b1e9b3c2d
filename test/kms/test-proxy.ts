/** A real CONNECT proxy on loopback, and one that misbehaves. */

import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { listen } from './test-server.js';

export interface ProxyOptions {
  /** Where every tunnel leads, on 127.0.0.1. */
  readonly upstreamPort: number;
  /** `user:password` that is wanted. */
  readonly credentials?: string;
  /** Answers everything with this status instead of a tunnel. */
  readonly status?: number;
  /** Certificate, for a proxy that is spoken to over TLS. */
  readonly tls?: https.ServerOptions;
}

export interface TestProxy {
  readonly port: number;
  /** Targets that were asked for, in order. */
  readonly targets: string[];
}

/** Starts a proxy that ends with the test. */
export async function startProxy(options: ProxyOptions): Promise<TestProxy> {
  const targets: string[] = [];
  const refuse: http.RequestListener = (_request, response) => response.writeHead(405).end();
  const server = options.tls ? https.createServer(options.tls, refuse) : http.createServer(refuse);
  server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    targets.push(request.url ?? '');
    const status = options.status ?? (isWelcome(request, options.credentials) ? 200 : 407);
    if (status === 200) tunnel(client, options.upstreamPort);
    else client.end(`HTTP/1.1 ${status} \u001b[31mNo\r\ncontent-length: 6\r\n\r\nhidden`);
  });
  return { port: await listen(server), targets };
}

function isWelcome({ headers }: http.IncomingMessage, credentials: string | undefined): boolean {
  if (credentials === undefined) return true;
  return headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function tunnel(client: net.Socket, port: number): void {
  const upstream = net.connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(client).pipe(upstream);
  });
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
}

/** A TCP server that treats every connection with `greet`, for proxies that are none. */
export function startRudeProxy(greet: (socket: net.Socket) => void): Promise<number> {
  return listen(net.createServer(greet));
}
