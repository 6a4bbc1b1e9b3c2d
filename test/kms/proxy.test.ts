import type { Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { KmsAsymError } from '../../src/errors.js';
import type { KmsClient, KmsClientOptions } from '../../src/kms/client.js';
import { proxyFor } from '../../src/kms/proxy.js';
import { type ProxyOptions, startProxy, startRudeProxy } from './test-proxy.js';
import {
  ACCESS,
  type Certificates,
  clientOf,
  json,
  makeCertificates,
  serve,
  type TestServer,
} from './test-server.js';

const HOST = 'kms.cn-hangzhou.aliyuncs.com';
let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates(`DNS:${HOST},DNS:localhost,IP:127.0.0.1`);
});

function service(): Promise<TestServer> {
  return serve(({ query }, response) => {
    if (query['KeyId'] === 'big') response.end(Buffer.alloc(2_000_000));
    else if (query['KeyId'] !== 'hang') json(response, 200, { RequestId: 'r' });
  }, certificates);
}

function through(proxy: string, options: Partial<KmsClientOptions> = {}): Promise<KmsClient> {
  const env = { ...ACCESS, HTTPS_PROXY: proxy };
  return clientOf(HOST, { env, caPem: certificates.caPem, ...options });
}

async function rejection(promise: Promise<unknown>): Promise<KmsAsymError> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(KmsAsymError);
  return error as KmsAsymError;
}

describe('a proxy', () => {
  async function setUp(options: Partial<ProxyOptions> = {}) {
    const server = await service();
    const proxy = await startProxy({ upstreamPort: server.port, ...options });
    return { server, proxy, address: `http://127.0.0.1:${proxy.port}` };
  }

  it('carries TLS to a host that is never resolved here, and one tunnel carries many calls', async () => {
    const { server, proxy, address } = await setUp();
    const client = await through(address);
    for (const alias of ['a', 'b', 'c']) await client.createAlias('k', `alias/${alias}`);
    expect(proxy.targets).toEqual([`${HOST}:443`]);
    expect(server.connections()).toBe(1);
    expect(server.received).toHaveLength(3);
    expect(server.received[0]?.headers).toMatchObject({ host: HOST });
    expect(server.received[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('gives each of many calls at once its tunnel', async () => {
    const { server, address } = await setUp();
    const client = await through(address);
    await Promise.all(Array.from({ length: 20 }, (_, n) => client.createAlias('k', `alias/${n}`)));
    expect(server.received).toHaveLength(20);
  });

  it('does not weaken the check of certificates, and may be the one who replaced them', async () => {
    const { server, proxy, address } = await setUp();
    const client = await clientOf(HOST, { env: { ...ACCESS, HTTPS_PROXY: address } });
    const error = await rejection(client.describeKey('k'));
    expect(error.message).toContain('unknown authority');
    expect(error.hints.at(-1)).toContain(`the proxy "127.0.0.1:${proxy.port}" may replace certificates`);
    expect(proxy.targets).toHaveLength(1);
    expect(server.received).toEqual([]);
  });

  it('checks the host name of the service, not its own', async () => {
    const { address } = await setUp();
    const client = await through(address, { endpoint: 'kms.cn-beijing.aliyuncs.com' });
    expect((await rejection(client.describeKey('k'))).message).toContain('belongs to another host name');
  });

  it('is spoken to over TLS itself when its address says https', async () => {
    const { server, proxy } = await setUp({ tls: certificates });
    await (await through(`https://localhost:${proxy.port}`)).createAlias('k', 'alias/a');
    expect(server.received).toHaveLength(1);
    const stranger = await clientOf(HOST, {
      env: { ...ACCESS, HTTPS_PROXY: `https://localhost:${proxy.port}` },
    });
    const error = await rejection(stranger.describeKey('k'));
    expect(error.message).toBe(
      `cannot connect to the proxy "localhost:${proxy.port}": its certificate comes from an unknown authority`,
    );
    expect(error.hints[0]).toContain('--ca-file');
  });

  it('gets the user name and password of its address, which no error repeats', async () => {
    const { server, proxy } = await setUp({ credentials: 'us er:p@ss%word' });
    const good = `http://us%20er:p%40ss%25word@127.0.0.1:${proxy.port}`;
    await (await through(good)).createAlias('k', 'alias/a');
    expect(server.received).toHaveLength(1);
    const bad = await rejection(
      (await through(`http://us:hunter2@127.0.0.1:${proxy.port}`)).describeKey('k'),
    );
    expect(bad.message).toBe(
      `the proxy "127.0.0.1:${proxy.port}" does not accept the user name and password in HTTPS_PROXY (HTTP 407)`,
    );
    expect(bad.hints[0]).toBe(`set HTTPS_PROXY=http://USER:PASSWORD@127.0.0.1:${proxy.port}`);
    const none = await rejection((await through(`127.0.0.1:${proxy.port}`)).describeKey('k'));
    expect(none.message).toContain('wants a user name and password (HTTP 407)');
    expect(JSON.stringify([bad, bad.hints, bad.message])).not.toMatch(/hunter2/);
  });

  it('that refuses is an error with its status and none of its words', async () => {
    const { address } = await setUp({ status: 403 });
    const error = await rejection((await through(address)).describeKey('k'));
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toMatch(
      /^the proxy "127\.0\.0\.1:\d+" refuses to connect to "kms\.[^"]+" \(HTTP 403\)$/,
    );
    expect(error.hints).toEqual([`if the service can be reached without the proxy: NO_PROXY=${HOST}`]);
  });

  it('that cannot reach the service is tried again', async () => {
    const { proxy, address } = await setUp({ status: 503 });
    const options = { retryCount: 2 };
    const client = await clientOf(
      HOST,
      { env: { ...ACCESS, HTTPS_PROXY: address }, ...options },
      { sleep: () => Promise.resolve() },
    );
    const error = await rejection(
      client.createKey({ keySpec: 'S', keyUsage: 'U', protectionLevel: 'P', origin: 'O' }),
    );
    expect(error.message).toContain(`cannot reach "${HOST}" (HTTP 503)`);
    expect(proxy.targets).toHaveLength(3);
  });

  it('that is not there is named', async () => {
    const error = await rejection((await through('http://127.0.0.1:1')).describeKey('k'));
    expect(error.message).toBe('cannot connect to the proxy "127.0.0.1:1": connection refused');
    expect(error.hints).toEqual(['check HTTPS_PROXY', expect.stringContaining(`NO_PROXY=${HOST}`)]);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closes the connection', (socket) => socket.once('data', () => socket.destroy())],
    ['ends without an answer', (socket) => socket.once('data', () => socket.end())],
    ['answers garbage', (socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n')],
    ['answers a header without a colon', (socket) => socket.end('HTTP/1.1 200 OK\r\nnonsense\r\n\r\n')],
  ])('that %s is no proxy', async (_what, greet) => {
    const port = await startRudeProxy(greet);
    const error = await rejection((await through(`http://127.0.0.1:${port}`)).describeKey('k'));
    expect(error.message).toMatch(
      /^cannot connect to the proxy "127\.0\.0\.1:\d+": (the connection was closed|it closed the connection or does not answer as a proxy)$/,
    );
  });

  it('that opens a tunnel to nobody does not pass for the service', async () => {
    const port = await startRudeProxy((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'), 50);
    });
    const error = await rejection((await through(`http://127.0.0.1:${port}`)).describeKey('k'));
    expect(error).toMatchObject({ code: 'network' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['hangs', () => undefined],
    ['drips', (socket) => void setInterval(() => socket.write('x'), 20).unref()],
    [
      'never ends its header',
      (socket) => void setInterval(() => socket.write('x'.repeat(60_000)), 1).unref(),
    ],
  ])('that %s is cut at the connect deadline, and let go of', async (_what, greet) => {
    const closed: Promise<void>[] = [];
    const port = await startRudeProxy((socket) => {
      greet(socket);
      closed.push(
        new Promise((resolve) =>
          socket.once('close', () => {
            resolve();
          }),
        ),
      );
      socket.resume();
    });
    const client = await through(`http://127.0.0.1:${port}`, { connectTimeoutMs: 300 });
    const error = await rejection(client.describeKey('k'));
    expect(error.message).toBe(
      `cannot connect to "${HOST}" through the proxy "127.0.0.1:${port}" within 0.3 s`,
    );
    expect(closed).toHaveLength(1);
    await Promise.all(closed);
  });

  it('keeps the cap, the read deadline and the abort', async () => {
    const { address } = await setUp();
    const client = await through(address, { readTimeoutMs: 300 });
    expect((await rejection(client.describeKey('big'))).code).toBe('invalid-response');
    expect((await rejection(client.describeKey('hang'))).code).toBe('timeout');
    const aborted = await clientOf(
      HOST,
      { env: { ...ACCESS, HTTPS_PROXY: address }, caPem: certificates.caPem, readTimeoutMs: 60_000 },
      { signal: AbortSignal.timeout(100) },
    );
    expect((await rejection(aborted.describeKey('hang'))).message).toBe('the overall time limit is over');
  });

  it.each(['localhost', '127.0.0.1'])('is not used for the loopback host %s', async (host) => {
    const { server, proxy, address } = await setUp();
    await (
      await through(address, { endpoint: `https://${host}:${server.port}` })
    ).createAlias('k', 'alias/a');
    expect(server.received).toHaveLength(1);
    expect(proxy.targets).toEqual([]);
  });

  it('is not used for hosts of NO_PROXY', async () => {
    const { proxy, address } = await setUp();
    const env = { ...ACCESS, HTTPS_PROXY: address, NO_PROXY: '.aliyuncs.com' };
    // This name leads nowhere here, which is how one sees that it was looked up.
    const client = await clientOf('kms.nowhere.aliyuncs.com', { env });
    const error = await rejection(client.describeKey('k'));
    expect(error.message).toMatch(/^cannot connect to "kms\.nowhere\.aliyuncs\.com": /);
    expect(proxy.targets).toEqual([]);
  });

  it.each([
    'socks5://127.0.0.1:1080',
    'ftp://user:hunter2@proxy',
    'http://user:hunter2%zz@proxy:80',
    'http://user:hunter2@pro xy',
    'http://user:hunter2@:99999',
    'http://',
  ])('with the address %s is refused without repeating it', async (address) => {
    const error = await rejection(through(address));
    expect(error).toMatchObject({
      code: 'configuration',
      message: 'HTTPS_PROXY is not the address of an HTTP proxy',
    });
    expect(error.hints.join()).not.toContain('hunter2');
  });
});

describe('NO_PROXY', () => {
  const isBypassed = (list: string, url: string): boolean =>
    proxyFor(new URL(url), { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: list }) === undefined;

  it.each([
    ['*', 'https://a.example'],
    ['a.example', 'https://a.example'],
    ['A.Example', 'https://a.example'],
    ['.example', 'https://a.example'],
    ['*.example', 'https://a.example'],
    ['example', 'https://b.a.example'],
    ['x, a.example', 'https://a.example'],
    ['x a.example', 'https://a.example'],
    ['a.example:443', 'https://a.example'],
    ['a.example:8443', 'https://a.example:8443'],
    ['10.0.0.0/8', 'https://10.1.2.3'],
    ['10.1.2.3', 'https://10.1.2.3:9'],
    ['10.1.2.3:9', 'https://10.1.2.3:9'],
    ['fd00::/8', 'https://[fd00::1]'],
    ['fd00::1', 'https://[fd00::1]:9'],
    ['[fd00::1]:9', 'https://[fd00::1]:9'],
    ['', 'https://localhost'],
    ['', 'https://127.0.0.1:8443'],
    ['', 'https://[::1]'],
    ['', 'http://a.example'],
  ])('%j names %s', (list, url) => {
    expect(isBypassed(list, url)).toBe(true);
  });

  it.each([
    ['', 'https://a.example'],
    [',,', 'https://a.example'],
    ['.', 'https://a.example'],
    ['a.example', 'https://ba.example'],
    ['a.example', 'https://a.example.evil'],
    ['a.example:8443', 'https://a.example'],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['10.0.0.0/99', 'https://10.0.0.1'],
    ['10.0.0.0/x', 'https://10.0.0.1'],
    ['0', 'https://10.0.0.0'],
    ['fd00::/8', 'https://10.0.0.1'],
    ['[fd00::1]:8', 'https://[fd00::1]:9'],
  ])('%j does not name %s', (list, url) => {
    expect(isBypassed(list, url)).toBe(false);
  });

  it.each([
    [{ HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' }, 'upper:1'],
    [{ HTTPS_PROXY: '', https_proxy: 'http://lower:1' }, 'lower:1'],
    [{ HTTPS_PROXY: 'bare.example:3128' }, 'bare.example:3128'],
    [{ HTTPS_PROXY: 'http://bare.example' }, 'bare.example:80'],
    [{ HTTPS_PROXY: 'https://[fd00::1]' }, '[fd00::1]:443'],
    [{ HTTP_PROXY: 'http://other:1', ALL_PROXY: 'http://other:1' }, undefined],
    [{}, undefined],
  ])('and HTTPS_PROXY in %j choose %s', (env, name) => {
    expect(proxyFor(new URL('https://a.example'), env)?.name).toBe(name);
  });
});
