/**
 * The HTTP adapter: bytes of a loopback port to whole requests for the handler, its answers back. It keeps the
 * limits (64 KiB of headers, 1 MiB of body, deadlines) and refuses in JSON what is no HTTP at all.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errnoOf, KmsAsymError } from '../../errors.js';
import { Connections } from './connections.js';
import type { Handler } from './handle.js';
import { createListener, type Listener } from './listener.js';
import { Refusal } from '../refusal.js';
import type { ServiceErrorCode } from '../service-errors.js';
import type { TlsCertificate } from '../tls/identity.js';
import type { WireAnswer } from './wire.js';

/** What a server puts up with. */
export interface ServerLimits {
  /** Request line and headers. */
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  /** Until the headers are complete, from the first byte or the connection. */
  readonly headersTimeoutMs: number;
  /** Until the whole request is in. */
  readonly requestTimeoutMs: number;
  /** How long an unused connection stays open. */
  readonly keepAliveTimeoutMs: number;
  /** How long answers under way may take when the server closes. */
  readonly closeGraceMs: number;
}

/** The limits unless told otherwise. */
export const DEFAULT_LIMITS: ServerLimits = {
  maxHeaderBytes: 64 * 1024,
  maxBodyBytes: 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  closeGraceMs: 2_000,
};

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Listens on 127.0.0.1, with TLS when a certificate is given; port 0 lets the system choose.
 * Rejects with `KmsAsymError` `emulator` when the port cannot be had.
 */
export async function listen(
  handler: Handler,
  port: number,
  limits: ServerLimits = DEFAULT_LIMITS,
  tls?: TlsCertificate,
): Promise<RunningServer> {
  const connections = new Connections();
  const listener = createListener(limits, tls, (socket) => connections.add(socket));
  const { server } = listener;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    void answerRequest(handler, connections, limits.maxBodyBytes, request, response);
  };
  const refuse = (socket: Parameters<Connections['fail']>[0], code: ServiceErrorCode): void => {
    const refusal = new Refusal(code);
    connections.fail(socket, refusal, () => handler.refuse(refusal));
  };
  server.on('request', serve);
  server.on('checkExpectation', serve);
  server.on('connect', (_request, socket) => refuse(socket, 'UnsupportedHTTPMethod'));
  server.on('clientError', (error, socket) => refuse(socket, codeOfClientError(error)));
  await startListening(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closeServer(listener, connections, limits.closeGraceMs),
  };
}

async function startListening(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, resolve);
    });
  } catch (cause) {
    const reason = errnoOf(cause) === 'EADDRINUSE' ? 'it is already in use' : 'the system refuses it';
    throw new KmsAsymError('emulator', `cannot listen on port "${port}": ${reason}`, {
      hints: ['choose another port, or none: then the system finds a free one'],
      cause,
    });
  }
}

function closeServer(
  { server, abortHandshakes }: Listener,
  connections: Connections,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    abortHandshakes();
    connections.close(graceMs);
  });
}

async function answerRequest(
  handler: Handler,
  connections: Connections,
  maxBodyBytes: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url: target = '' } = request;
  const headers = joinHeaders(request.rawHeaders);
  try {
    const body = await readBody(request, maxBodyBytes, (abort) => {
      connections.begin({ request, response, abort: (refusal) => abortAndClose(response, refusal, abort) });
    });
    const answer = await handler.handle({ method, target, headers, body });
    if (answer === undefined) request.socket.destroy();
    else send(response, answer);
  } catch (error) {
    // The rest of a body that is too large is still read and dropped, so that the answer gets through.
    request.resume();
    send(response, handler.refuse(error, { method, host: headers.get('host') }));
  }
}

function abortAndClose(response: ServerResponse, refusal: Refusal, abort: (refusal: Refusal) => void): void {
  response.setHeader('connection', 'close');
  abort(refusal);
}

function send(response: ServerResponse, answer: WireAnswer): void {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

/** Collects the body; `onAbort` gets a function that makes it reject. Never settles when the client goes away. */
function readBody(
  request: IncomingMessage,
  maxBytes: number,
  onAbort: (abort: (refusal: Refusal) => void) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    onAbort(reject);
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new Refusal('RequestBodyTooLarge'));
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    // A client that goes away in the middle wants no answer.
    request.on('error', () => undefined);
  });
}

function joinHeaders(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name, value] = [(rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? ''];
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

function codeOfClientError(error: Error): ServiceErrorCode {
  switch (errnoOf(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return 'RequestHeaderTooLarge';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'RequestTimeout';
    default:
      return 'ParseRequestParameterException';
  }
}
