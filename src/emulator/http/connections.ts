/**
 * The open connections of the HTTP server: what waits for an answer on each, how a request that breaks off is
 * refused, how everything ends. Invariant: a connection carries whole answers in the order of its requests.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../refusal.js';
import type { WireAnswer } from './wire.js';

/** How long a refused connection may go on sending, so that it still reads its answer. */
const LINGER_MS = 1000;

/** One request of a connection. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ends a request whose body is still under way; it answers with the refusal and closes. */
  readonly abort: (refusal: Refusal) => void;
}

interface Connection {
  /** Requests whose answers are not out yet. */
  pending: number;
  last: Exchange | undefined;
  /** Goes out behind the pending answers, and ends the connection. */
  farewell: WireAnswer | undefined;
}

/** Keeps track of connections. */
export class Connections {
  readonly #open = new Map<Duplex, Connection>();
  #isClosing = false;

  /** Follows a new connection until it closes. */
  add(socket: Duplex): void {
    this.#open.set(socket, { pending: 0, last: undefined, farewell: undefined });
    socket.on('close', () => this.#open.delete(socket));
    // Resets by the other side concern nobody once the HTTP server has let go of the socket.
    socket.on('error', () => socket.destroy());
  }

  /** Notes a request until its answer is out. */
  begin(exchange: Exchange): void {
    const { socket } = exchange.request;
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    connection.pending += 1;
    connection.last = exchange;
    exchange.response.on('close', () => {
      connection.pending -= 1;
      if (connection.pending > 0) return;
      if (connection.farewell !== undefined) sayFarewell(socket, connection.farewell);
      else if (this.#isClosing) socket.end(() => socket.destroy());
    });
  }

  /** Refuses what came on a connection and is no HTTP, and closes it behind the answers that are under way. */
  fail(socket: Duplex, refusal: Refusal, makeFarewell: () => WireAnswer): void {
    const connection = this.#open.get(socket);
    if (connection === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    if (connection.farewell !== undefined) return;
    const { last } = connection;
    if (last !== undefined && !last.request.complete) {
      if (last.response.writableEnded) socket.destroy();
      else last.abort(refusal);
      return;
    }
    connection.farewell = makeFarewell();
    if (connection.pending === 0) sayFarewell(socket, connection.farewell);
  }

  /** Ends idle connections at once, busy ones with their answers, and all that is left after `graceMs`. */
  close(graceMs: number): void {
    this.#isClosing = true;
    for (const [socket, { pending }] of this.#open) if (pending === 0) socket.destroy();
    setTimeout(() => {
      for (const socket of this.#open.keys()) socket.destroy();
    }, graceMs).unref();
  }
}

function sayFarewell(socket: Duplex, answer: WireAnswer): void {
  const headers = Object.entries({ ...answer.headers, connection: 'close' });
  socket.end(
    [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      '',
      answer.body,
    ].join('\r\n'),
  );
  // Closing with unread bytes would reset the connection and could take the answer with it.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
