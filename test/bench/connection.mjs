/** A keep-alive connection that costs next to nothing: ready bytes out, the status of the answer in. */
import { once } from 'node:events';
import net from 'node:net';

export class Connection {
  #socket;
  #received = '';
  #settle;

  static async open(host) {
    const { hostname, port } = new URL(`http://${host}`);
    const connection = new Connection(net.connect(Number(port), hostname));
    await once(connection.#socket, 'connect');
    return connection;
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('the connection closed')));
    socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
      const head = this.#received.indexOf('\r\n\r\n');
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1]);
      if (head < 0 || this.#received.length < head + 4 + length) return;
      this.#settle.resolve(Number(this.#received.slice(9, 12)));
    });
  }

  /** Sends one request and waits for the end of its answer. */
  send(bytes) {
    this.#received = '';
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(bytes);
    });
  }

  close() {
    this.#settle = undefined;
    this.#socket.end();
  }
}
