/**
 * The HTTP or HTTPS server of Node as the emulator wants it: strict about time and size, lenient about headers that the
 * signature decides on. Knows connections only to tell when one stands: over TLS that is after its handshake.
 */
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { ServerLimits } from './server.js';
import type { TlsCertificate } from '../tls/identity.js';

/** A server that does not listen yet. */
export interface Listener {
  readonly server: Server;
  /** Ends connections that do not stand yet. */
  readonly abortHandshakes: () => void;
}

/** Makes a server; `onConnection` is told about every connection that stands. */
export function createListener(
  limits: ServerLimits,
  tls: TlsCertificate | undefined,
  onConnection: (socket: Socket) => void,
): Listener {
  const options = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs / 4),
    // Node would answer without a body; the signature says whether the header was needed.
    requireHostHeader: false,
  };
  const handshakes = new Map<string, Socket>();
  const server: Server =
    tls === undefined
      ? createServer(options).on('connection', onConnection)
      : createTlsServer({
          ...options,
          cert: tls.certPem,
          key: tls.keyPem,
          handshakeTimeout: limits.headersTimeoutMs,
        });
  if (tls !== undefined) followHandshakes(server, handshakes, onConnection);
  // Node drops headers beyond this count without a word, signed ones too; their size is limited already.
  server.maxHeadersCount = 0;
  return {
    server,
    abortHandshakes: () => {
      for (const socket of handshakes.values()) socket.destroy();
    },
  };
}

function followHandshakes(
  server: Server,
  handshakes: Map<string, Socket>,
  onConnection: (socket: Socket) => void,
): void {
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    handshakes.set(peer, socket);
    socket.on('close', () => {
      if (handshakes.get(peer) === socket) handshakes.delete(peer);
    });
  });
  server.on('secureConnection', (socket: Socket) => {
    handshakes.delete(peerOf(socket));
    onConnection(socket);
  });
}

/** What the plain socket below a TLS socket and the TLS socket have in common. */
function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
