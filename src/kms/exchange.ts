/**
 * One request and its answer: the deadlines, the cap and the cancellation of `http.ts`. Node's own socket timeout
 * starts again at every byte, so the deadlines here are timers of their own.
 */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { KmsAsymError } from '../errors.js';
import { abortError, CallError, invalidResponse } from './call-error.js';
import { isLoopbackHost } from './endpoint.js';
import type { HttpAnswer, HttpOptions, HttpRequest } from './http.js';
import { networkError, NOT_THE_SERVICE } from './network-error.js';
import type { Proxy } from './proxy.js';
import { isCertificateError, proxyRefused, proxyUnreachable, suspectProxy } from './proxy-error.js';
import { startTimer } from './timer.js';
import type { TunnelOptions } from './tunnel-agent.js';

/** Largest answer that is read, in bytes, unless the options say otherwise. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Settles exactly once and then leaves no timer, listener or half-made connection behind. */
export class Exchange {
  readonly #options: HttpOptions;
  readonly #request: HttpRequest;
  readonly #proxy: Proxy | undefined;
  readonly #start: (options: Partial<TunnelOptions>) => ClientRequest;
  readonly #host: string;
  /** Of an exchange through a proxy. */
  readonly #abandoned: AbortController | undefined;
  #outgoing: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #tunnelled = false;
  #settle: ((result: HttpAnswer | KmsAsymError) => void) | undefined;

  /** `start` makes the request that is then filled and sent. */
  constructor(
    options: HttpOptions,
    request: HttpRequest,
    proxy: Proxy | undefined,
    start: (options: Partial<TunnelOptions>) => ClientRequest,
  ) {
    this.#options = options;
    this.#request = request;
    this.#proxy = proxy;
    this.#start = start;
    this.#abandoned = proxy && new AbortController();
    this.#host = request.url.host;
  }

  /** Sends the request; rejects with a `KmsAsymError`. */
  async run(): Promise<HttpAnswer> {
    const { signal } = this.#request;
    if (signal?.aborted) throw abortError(signal);
    const onAbort = (): void => {
      this.#finish(abortError(signal));
    };
    signal?.addEventListener('abort', onAbort);
    const result = await new Promise<HttpAnswer | KmsAsymError>((resolve) => {
      this.#settle = resolve;
      this.#send();
      this.#startTimer(this.#deadlines().connectTimeoutMs);
    });
    clearTimeout(this.#timer);
    signal?.removeEventListener('abort', onAbort);
    if (result instanceof KmsAsymError) throw result;
    return result;
  }

  #send(): void {
    const outgoing = this.#start(this.#abandoned ? { tunnelSignal: this.#abandoned.signal } : {});
    this.#outgoing = outgoing;
    outgoing.path = this.#request.url.pathname + this.#request.url.search;
    for (const [name, value] of Object.entries(this.#request.headers)) outgoing.setHeader(name, value);
    outgoing.on('error', (error) => {
      this.#fail(error);
    });
    outgoing.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      this.#onTunnel(statusCode);
    });
    outgoing.on('socket', (socket) => {
      if (outgoing.reusedSocket || !isConnecting(socket)) this.#onConnected();
      else
        socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
          this.#onConnected();
        });
    });
    outgoing.on('response', (incoming) => {
      this.#onConnected();
      this.#receive(incoming);
    });
    outgoing.end(this.#request.body);
  }

  #onTunnel(status: number): void {
    this.#tunnelled = status === 200;
    if (this.#tunnelled || this.#proxy === undefined) return;
    // A first line that is not HTTP has no number for a status.
    const isStatus = Number.isInteger(status) && status >= 100 && status <= 999;
    const error = isStatus ? proxyRefused : proxyUnreachable;
    this.#finish(error(status, this.#proxy, this.#host));
  }

  #onConnected(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#startTimer(this.#deadlines().readTimeoutMs);
  }

  #startTimer(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = startTimer(ms, () => {
      this.#finish(this.#timeout());
    });
  }

  #receive(incoming: IncomingMessage): void {
    if ('encrypted' in incoming.socket) this.#request.onSecure?.(incoming.socket as TLSSocket);
    const maxBytes = this.#options.maxBodyBytes ?? MAX_ANSWER_BYTES;
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) {
        this.#finish(
          invalidResponse(`the answer from "${this.#host}" is longer than ${maxBytes} bytes`, [
            NOT_THE_SERVICE,
          ]),
        );
      }
    });
    incoming.on('error', (error) => {
      this.#fail(error);
    });
    incoming.on('end', () => {
      const status = incoming.statusCode ?? 0;
      this.#finish({ status, headers: incoming.headers, body: Buffer.concat(chunks, bytes) });
    });
  }

  #fail(error: Error): void {
    const proxy = this.#proxy;
    if (proxy !== undefined && !this.#tunnelled && !this.#outgoing?.reusedSocket) {
      this.#finish(proxyUnreachable(error, proxy, this.#host));
      return;
    }
    const failure = networkError(error, this.#host, this.#connected);
    this.#finish(isCertificateError(error) ? this.#untrusted(failure) : failure);
  }

  #untrusted(failure: CallError): CallError {
    const isGiven =
      this.#options.caPem !== undefined && failure.hints.some((hint) => hint.includes('--ca-file'));
    const error = isGiven ? failure.withHint('the CA file that is given now does not hold it') : failure;
    return this.#proxy === undefined ? error : suspectProxy(error, this.#proxy);
  }

  #deadlines(): Pick<HttpOptions, 'connectTimeoutMs' | 'readTimeoutMs'> {
    return this.#request.deadlines ?? this.#options;
  }

  #timeout(): CallError {
    const { connectTimeoutMs, readTimeoutMs } = this.#deadlines();
    const through = this.#proxy === undefined ? '' : ` through the proxy "${this.#proxy.name}"`;
    const [what, timeoutMs, flag] = this.#connected
      ? [`no complete answer from "${this.#host}"`, readTimeoutMs, '--read-timeout']
      : [`cannot connect to "${this.#host}"${through}`, connectTimeoutMs, '--connect-timeout'];
    return new CallError(
      'timeout',
      `${what} within ${timeoutMs / 1000} s`,
      { mayHaveActed: this.#connected, ...(!this.#connected && { retryReason: 'connection timed out' }) },
      {
        hints: [
          `check the endpoint and the network, or allow more time with ${flag}`,
          ...(this.#mayNeedProxy() ? ['where only a proxy leads out: HTTPS_PROXY=http://host:port'] : []),
        ],
      },
    );
  }

  #mayNeedProxy(): boolean {
    return !this.#connected && this.#proxy === undefined && !isLoopbackHost(this.#request.url.hostname);
  }

  #finish(result: HttpAnswer | KmsAsymError): void {
    this.#settle?.(result);
    if (!(result instanceof Error)) return;
    // A request that has not got its socket yet reports a destruction late or never, so nothing waits for it.
    this.#outgoing?.destroy();
    this.#abandoned?.abort();
  }
}

function isConnecting(socket: Socket): boolean {
  // A TLS socket that a proxy agent wrapped around its tunnel is not connecting but still shaking hands.
  return socket.connecting || ('secureConnecting' in socket && socket.secureConnecting === true);
}
