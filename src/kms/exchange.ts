/**
 * One request and its answer: the deadlines, the cap and the cancellation of `http.ts`. Node's own socket timeout
 * starts again at every byte, so the deadlines here are timers of their own.
 */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { KmsAsymError } from '../errors.js';
import { abortError, CallError, invalidResponse } from './call-error.js';
import type { HttpAnswer, HttpOptions } from './http.js';
import { networkError } from './network-error.js';

/** Largest answer that is read, in bytes, unless the options say otherwise. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Settles exactly once and then leaves no timer or listener behind. */
export class Exchange {
  readonly #options: HttpOptions;
  readonly #host: string;
  readonly #start: () => ClientRequest;
  #outgoing: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #settle: ((result: HttpAnswer | KmsAsymError) => void) | undefined;

  /** `host` is for messages; `start` makes the request. */
  constructor(options: HttpOptions, host: string, start: () => ClientRequest) {
    this.#options = options;
    this.#host = host;
    this.#start = start;
  }

  /** Sends the request; rejects with a `KmsAsymError`. */
  async run(): Promise<HttpAnswer> {
    const { signal, connectTimeoutMs } = this.#options;
    if (signal?.aborted) throw abortError(signal);
    const onAbort = (): void => {
      if (signal !== undefined) this.#finish(abortError(signal));
    };
    signal?.addEventListener('abort', onAbort);
    const result = await new Promise<HttpAnswer | KmsAsymError>((resolve) => {
      this.#settle = resolve;
      this.#send();
      this.#timer = setTimeout(() => {
        this.#finish(this.#timeout());
      }, connectTimeoutMs);
    });
    clearTimeout(this.#timer);
    signal?.removeEventListener('abort', onAbort);
    if (result instanceof KmsAsymError) throw result;
    return result;
  }

  #send(): void {
    const outgoing = this.#start();
    this.#outgoing = outgoing;
    outgoing.on('error', (error) => {
      this.#finish(networkError(error, this.#host, this.#connected));
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
    outgoing.end();
  }

  #onConnected(): void {
    if (this.#connected) return;
    this.#connected = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#finish(this.#timeout());
    }, this.#options.readTimeoutMs);
  }

  #receive(incoming: IncomingMessage): void {
    const maxBytes = this.#options.maxBodyBytes ?? MAX_ANSWER_BYTES;
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) {
        this.#finish(invalidResponse(`the answer from "${this.#host}" is longer than ${maxBytes} bytes`));
      }
    });
    incoming.on('error', (error) => {
      this.#finish(networkError(error, this.#host, true));
    });
    incoming.on('end', () => {
      const status = incoming.statusCode ?? 0;
      this.#finish({ status, headers: incoming.headers, body: Buffer.concat(chunks, bytes) });
    });
  }

  #timeout(): CallError {
    const { connectTimeoutMs, readTimeoutMs } = this.#options;
    const [what, timeoutMs, flag] = this.#connected
      ? [`no complete answer from "${this.#host}"`, readTimeoutMs, '--read-timeout']
      : [`cannot connect to "${this.#host}"`, connectTimeoutMs, '--connect-timeout'];
    return new CallError(
      'timeout',
      `${what} within ${timeoutMs / 1000} s`,
      { mayHaveActed: this.#connected, ...(!this.#connected && { retryReason: 'connection timed out' }) },
      { hints: [`check the endpoint and the network, or allow more time with ${flag}`] },
    );
  }

  #finish(result: HttpAnswer | KmsAsymError): void {
    this.#settle?.(result);
    // A request that has not got its socket yet reports a destruction late or never, so nothing waits for it.
    if (result instanceof Error) this.#outgoing?.destroy();
  }
}

function isConnecting(socket: Socket): boolean {
  // A TLS socket that a proxy agent wrapped around its tunnel is not connecting but still shaking hands.
  return socket.connecting || ('secureConnecting' in socket && socket.secureConnecting === true);
}
