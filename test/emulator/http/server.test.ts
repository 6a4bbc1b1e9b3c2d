import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_LIMITS, listen, type RunningServer } from '../../../src/emulator/http/server.js';
import { Handler } from '../../../src/emulator/http/handle.js';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import type { Hsm } from '../../../src/emulator/hsm/hsm.js';
import { AliasStore } from '../../../src/emulator/keys/alias-store.js';
import { KeyStore } from '../../../src/emulator/keys/key-store.js';
import { Authenticator } from '../../../src/emulator/signature/authenticator.js';
import { type RawRequest, signV3 } from '../signer.js';
import { UUID } from '../running.js';

const CREDENTIALS = { accessKeyId: 'LTAIserver', accessKeySecret: 'secret' };
const LIMITS = { ...DEFAULT_LIMITS, headersTimeoutMs: 400, requestTimeoutMs: 800, closeGraceMs: 300 };

let hsm: Hsm;
let handler: Handler;
let server: RunningServer;
const failures: unknown[] = [];

beforeAll(async () => {
  hsm = await openHsm('software');
  handler = new Handler({
    authenticator: new Authenticator([{ id: 'LTAIserver', secret: 'secret' }], Date.now),
    keys: new KeyStore({ HSM: hsm, SOFTWARE: hsm }, Date.now, () => undefined),
    aliases: new AliasStore(),
    account: { accountId: '1000000000000000', region: 'cn-hangzhou' },
    serviceMode: 'legacy',
    clock: Date.now,
    health: { backend: 'software' },
    onFailure: (error) => failures.push(error),
  });
  server = await listen(handler, 0, LIMITS);
});
afterAll(async () => {
  await server.close();
  await hsm.close();
  expect(failures).toEqual([]);
});

interface RawAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** A TCP connection, what came back on it, and when it ended. */
class Line {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  #received = Buffer.alloc(0);

  constructor(port = server.port) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (data) => (this.#received = Buffer.concat([this.#received, data])));
    this.socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.socket.on('close', () => resolve()));
    onTestFinished(() => void this.socket.destroy());
  }

  text(): string {
    return this.#received.toString('latin1');
  }

  /** The answers so far, each checked to be whole JSON with a RequestId. */
  answers(): RawAnswer[] {
    const answers: RawAnswer[] = [];
    let rest = this.#received;
    while (rest.length > 0) {
      const headEnd = rest.indexOf('\r\n\r\n');
      const head = rest.subarray(0, headEnd).toString('latin1');
      if (head.startsWith('HTTP/1.1 100')) {
        rest = rest.subarray(headEnd + 4);
        continue;
      }
      expect(head).toMatch(/^content-type: application\/json;charset=utf-8$/im);
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
      const body = rest.subarray(headEnd + 4, headEnd + 4 + length);
      expect(body).toHaveLength(length);
      const json = JSON.parse(body.toString()) as Record<string, unknown>;
      expect(json['RequestId']).toMatch(UUID);
      answers.push({ status: Number(head.slice(9, 12)), json });
      rest = rest.subarray(headEnd + 4 + length);
    }
    return answers;
  }

  async until(count: number): Promise<RawAnswer[]> {
    await expect.poll(() => this.answers().length, { timeout: 5000 }).toBe(count);
    return this.answers();
  }
}

/** The request as text; `whole` is the one whose body's length is announced. */
function textOf(
  { method, path, headers, body }: RawRequest,
  whole: RawRequest = { method, path, headers, body },
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}content-length: ${whole.body.length}\r\n\r\n${body}`;
}

const good = (action = 'ListKeys', query = {}) => textOf(signV3(CREDENTIALS, action, { query }));
const codes = (answers: RawAnswer[]) => answers.map(({ status, json }) => [status, json['Code']]);
const MALFORMED = [400, 'ParseRequestParameterException'];
const CHUNKED = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n';

describe('what is no HTTP gets JSON and a closed connection', () => {
  it.each<[string, string | Buffer, unknown[]]>([
    ['garbage', 'hello\r\n\r\n', MALFORMED],
    ['a TLS hello', Buffer.from('16030100c8010000c403030102', 'hex'), MALFORMED],
    ['zero bytes', Buffer.alloc(100), MALFORMED],
    ['an unknown method', 'BREW / HTTP/1.1\r\n\r\n', MALFORMED],
    ['a bad header', 'GET / HTTP/1.1\r\nbad header\r\n\r\n', MALFORMED],
    ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', MALFORMED],
    ['length and chunks', `${CHUNKED}content-length: 3\r\n\r\n0\r\n\r\n`, MALFORMED],
    ['a bad chunk', `${CHUNKED}\r\nzz\r\n`, MALFORMED],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n', [403, 'UnsupportedHTTPMethod']],
    ['too much header', `GET / HTTP/1.1\r\nx: ${'a'.repeat(70_000)}\r\n\r\n`, [431, 'RequestHeaderTooLarge']],
    ['too long a URL', `GET /?${'a'.repeat(70_000)} HTTP/1.1\r\n\r\n`, [431, 'RequestHeaderTooLarge']],
    ['headers that never end', 'GET / HTTP/1.1\r\nx: 1\r\n', [408, 'RequestTimeout']],
    ['silence', '', [408, 'RequestTimeout']],
    [
      'a body that never comes',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n',
      [408, 'RequestTimeout'],
    ],
  ])('%s', async (_title, bytes, expected) => {
    const line = new Line();
    line.socket.write(bytes);
    await line.ended;
    expect(codes(line.answers())).toEqual([expected]);
  });
});

describe('requests that are HTTP, but odd, are answered', () => {
  it.each<[string, string, unknown[]]>([
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', [200, undefined]],
    ['HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n', [200, undefined]],
    [
      'an upgrade',
      'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      [400, 'MissingAction'],
    ],
    ['an expectation', 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\n\r\n', [200, undefined]],
    [
      '100-continue',
      `POST /healthz HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n`,
      [404, 'InvalidApi.NotFound'],
    ],
    ['3000 headers', `GET /healthz HTTP/1.1\r\n${'a: b\r\n'.repeat(3000)}\r\n`, [200, undefined]],
    ['DELETE', 'DELETE / HTTP/1.1\r\nhost: x\r\n\r\n', [403, 'UnsupportedHTTPMethod']],
    ['60 KiB of URL', `GET /?${'a'.repeat(60_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, [400, 'MissingAction']],
  ])('%s', async (_title, text, expected) => {
    const line = new Line();
    line.socket.write(text);
    expect(codes(await line.until(1))).toEqual([expected]);
  });

  it('HEAD, which may have no body', async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'HEAD' });
    expect(response.status).toBe(403);
    expect(response.headers.get('x-acs-request-id')).toMatch(UUID);
  });
});

describe('bodies', () => {
  const sized = (length: number, sent: number) => {
    const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n`;
    return `${head}content-length: ${length}\r\n\r\n${'a'.repeat(sent)}`;
  };

  it('of exactly 1 MiB are read', async () => {
    const line = new Line();
    line.socket.write(sized(1024 * 1024, 1024 * 1024));
    expect(codes(await line.until(1))).toEqual([[400, 'MissingAction']]);
  });

  it('of more are refused, and the connection goes on', async () => {
    const line = new Line();
    line.socket.write(sized(3 * 1024 * 1024, 3 * 1024 * 1024));
    line.socket.write(good());
    expect(codes(await line.until(2))).toEqual([
      [413, 'RequestBodyTooLarge'],
      [200, undefined],
    ]);
  });

  it('without an end are refused once and cut off in time', async () => {
    const line = new Line();
    line.socket.write(`${CHUNKED}\r\n`);
    const piece = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
    const timer = setInterval(() => line.socket.write(piece), 10);
    await line.ended;
    clearInterval(timer);
    expect(codes(line.answers())).toEqual([[413, 'RequestBodyTooLarge']]);
  });

  it('that break off are nobody’s concern', async () => {
    const line = new Line();
    line.socket.write(sized(1000, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    line.socket.resetAndDestroy();
    await line.ended;
    const next = new Line();
    next.socket.write(good());
    expect(codes(await next.until(1))).toEqual([[200, undefined]]);
  });
});

describe('pipelined requests', () => {
  it('are answered in order, slow ones too', async () => {
    const line = new Line();
    line.socket.write(
      good('CreateKey', { KeySpec: 'RSA_2048' }) +
        good('Nothing') +
        good('ListKeys') +
        'GET /healthz HTTP/1.1\r\n\r\n',
    );
    const [created, ...others] = await line.until(4);
    expect(created?.json).toHaveProperty('KeyMetadata');
    expect(codes(others)).toEqual([
      [404, 'InvalidApi.NotFound'],
      [200, undefined],
      [200, undefined],
    ]);
  });

  it('keep their answers when garbage follows, which is refused behind them', async () => {
    const line = new Line();
    line.socket.write(`${good('CreateKey', { KeySpec: 'RSA_2048' })}${good()}garbage\r\n\r\nmore garbage`);
    await line.ended;
    expect(codes(line.answers())).toEqual([[200, undefined], [200, undefined], MALFORMED]);
  });

  it('are answered behind a body that breaks', async () => {
    const line = new Line();
    line.socket.write(`${good()}${CHUNKED}\r\nzz\r\n`);
    await line.ended;
    expect(codes(line.answers())).toEqual([[200, undefined], MALFORMED]);
  });
});

describe('closing', () => {
  it('ends idle connections at once and busy ones with their answers', async () => {
    const closing = await listen(handler, 0, { ...LIMITS, closeGraceMs: 10_000 });
    const [idle, silent, busy] = [new Line(closing.port), new Line(closing.port), new Line(closing.port)];
    idle.socket.write(good());
    await idle.until(1);
    const request = signV3(CREDENTIALS, 'CreateKey', { form: { KeySpec: 'RSA_2048' } });
    busy.socket.write(
      textOf({ ...request, headers: { ...request.headers, expect: '100-continue' }, body: '' }, request),
    );
    await expect.poll(() => busy.text()).toContain('100 Continue');
    const closed = closing.close();
    busy.socket.write(request.body);
    await closed;
    await Promise.all([idle.ended, silent.ended, busy.ended]);
    expect(codes(busy.answers())).toEqual([[200, undefined]]);
    await expect(fetch(`http://127.0.0.1:${closing.port}/healthz`)).rejects.toThrow();
  });

  it('does not wait for clients that never finish', async () => {
    const closing = await listen(handler, 0, {
      ...LIMITS,
      headersTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
    });
    const line = new Line(closing.port);
    line.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closing.close();
    await line.ended;
    expect(line.answers()).toEqual([]);
  });
});
