/** Real servers on loopback for the client's tests, and the certificates they need, made by openssl. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createSdkClient, type ClientHooks } from '../../src/kms/sdk-client.js';
import type { KmsClient, KmsClientOptions } from '../../src/kms/client.js';

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Handler = (request: Received, response: http.ServerResponse, count: number) => void;

export interface TestServer {
  readonly port: number;
  readonly endpoint: string;
  readonly received: Received[];
  /** Connections made so far. */
  readonly connections: () => number;
}

export interface Certificates {
  readonly caPem: string;
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
}

export const ACCESS = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAItest', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'sEcReT' };

/** Starts a server that ends with the test. */
export async function serve(handler: Handler, tlsOptions?: https.ServerOptions): Promise<TestServer> {
  const received: Received[] = [];
  const listener: http.RequestListener = (incoming, response) => {
    const url = new URL(incoming.url ?? '', 'http://unused');
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      const request: Received = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: incoming.headers,
        body,
      };
      received.push(request);
      handler(request, response, received.length);
    });
  };
  const server = tlsOptions ? https.createServer(tlsOptions, listener) : http.createServer(listener);
  let connections = 0;
  server.on('connection', () => connections++);
  const port = await listen(server);
  return {
    port,
    endpoint: `${tlsOptions ? 'https' : 'http'}://localhost:${port}`,
    received,
    connections: () => connections,
  };
}

/** Listens on a random port of 127.0.0.1 until the test ends; open connections are then cut. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** Answers with `body` as JSON. */
export function json(response: http.ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers as the service refuses. */
export function refuse(response: http.ServerResponse, status: number, code: string, headers = {}): void {
  json(response, status, { Code: code, Message: `${code} happened.`, RequestId: 'req-1' }, headers);
}

/** A client that ends with the test: short deadlines, no retries, credentials in the environment. */
export async function clientOf(
  endpoint: string,
  options: Partial<KmsClientOptions> = {},
  hooks: ClientHooks = {},
): Promise<KmsClient> {
  const client = await createSdkClient(
    { endpoint, connectTimeoutMs: 2000, readTimeoutMs: 2000, retryCount: 0, env: ACCESS, ...options },
    hooks,
  );
  onTestFinished(() => {
    client.close();
  });
  return client;
}

/** An authority and a certificate of it for `localhost`; `days` may be given to make it a self-signed stranger. */
export function makeCertificates(subjectAltName = 'DNS:localhost,IP:127.0.0.1'): Certificates {
  const folder = temporaryFolder();
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA');
  run('req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=leaf');
  writeFileSync(join(folder, 'leaf.ext'), `subjectAltName=${subjectAltName}\n`);
  run(
    ...['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-out', 'leaf.pem', '-days', '2', '-extfile', 'leaf.ext'],
  );
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const caFile = join(folder, 'ca.pem');
  return { caPem: read('ca.pem'), caFile, key: read('leaf.key'), cert: read('leaf.pem') };
}

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes with the process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kms-asym-'));
  folders.push(folder);
  return folder;
}
