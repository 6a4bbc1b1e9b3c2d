import type * as http from 'node:http';
import * as net from 'node:net';
import tls from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KmsAsymError } from '../../src/errors.js';
import { HttpChannel } from '../../src/kms/http.js';
import { startProxy } from './test-proxy.js';
import { ACCESS, type Certificates, clientOf, json, listen, makeCertificates, serve } from './test-server.js';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});

async function rejection(promise: Promise<unknown>): Promise<KmsAsymError> {
  const error: unknown = await promise.then(
    () => 'no error',
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(KmsAsymError);
  return error as KmsAsymError;
}

/** Milliseconds until `promise` settles. */
async function duration(promise: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await promise.catch(() => undefined);
  return performance.now() - start;
}

describe('deadlines', () => {
  it('end an exchange whose answer drips a byte at a time', async () => {
    const server = await serve((_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => {
        clearInterval(drip);
      });
    });
    const client = await clientOf(server.endpoint, { readTimeoutMs: 300 });
    const call = client.describeKey('k');
    expect(await duration(call)).toBeLessThan(1500);
    const error = await rejection(call);
    expect(error).toMatchObject({ code: 'timeout', hints: [expect.stringContaining('--read-timeout')] });
    expect(error.message).toBe(`no complete answer from "localhost:${server.port}" within 0.3 s`);
  });

  it('end an exchange that gets no answer at all', async () => {
    const server = await serve(() => undefined);
    const client = await clientOf(server.endpoint, { readTimeoutMs: 200 });
    expect((await rejection(client.describeKey('k'))).code).toBe('timeout');
  });

  it('apply to a connection that is used again', async () => {
    const server = await serve((_request, response, count) => {
      if (count === 1) json(response, 200, { RequestId: 'r' });
    });
    const client = await clientOf(server.endpoint, { connectTimeoutMs: 5000, readTimeoutMs: 200 });
    await client.createAlias('k', 'alias/a');
    const error = await rejection(client.createAlias('k', 'alias/b'));
    expect(error.message).toContain('no complete answer');
    expect(server.connections()).toBe(1);
  });

  it('do not cut an answer that comes slowly but in time', async () => {
    const server = await serve((_request, response) => {
      setTimeout(() => {
        json(response, 200, { RequestId: 'r' });
      }, 400);
    });
    const client = await clientOf(server.endpoint, { connectTimeoutMs: 100, readTimeoutMs: 5000 });
    await expect(client.createAlias('k', 'alias/a')).resolves.toEqual({ requestId: 'r' });
  });

  it('end a TLS handshake that hangs', async () => {
    const port = await listen(net.createServer());
    const client = await clientOf(`https://localhost:${port}`, {
      connectTimeoutMs: 200,
      readTimeoutMs: 5000,
    });
    const error = await rejection(client.describeKey('k'));
    expect(error.message).toBe(`cannot connect to "localhost:${port}" within 0.2 s`);
    expect(error).toMatchObject({ code: 'timeout', hints: [expect.stringContaining('--connect-timeout')] });
  });
});

describe('answers', () => {
  it.each([
    ['with a length', true],
    ['without a length', false],
  ])('over 1 MiB %s are refused before they are read whole', async (_what, announced) => {
    let megabytes = 0;
    const server = await serve((_request, response) => {
      if (announced) response.setHeader('content-length', 50_000_000);
      const more = (): void => {
        if (++megabytes > 50) response.end();
        else response.write(Buffer.alloc(1_000_000, ' '), more);
      };
      more();
    });
    const client = await clientOf(server.endpoint, { readTimeoutMs: 20_000 });
    const error = await rejection(client.describeKey('k'));
    expect(error).toMatchObject({ code: 'invalid-response' });
    expect(error.message).toContain('longer than 1048576 bytes');
    expect(megabytes).toBeLessThan(20);
  });

  it('of exactly the cap are taken, one byte more is not', async () => {
    const server = await serve((request, response) =>
      response.end(Buffer.alloc(Number(request.path.slice(1)))),
    );
    const channel = new HttpChannel({
      connectTimeoutMs: 2000,
      readTimeoutMs: 2000,
      maxBodyBytes: 1000,
    });
    onTestFinished(() => {
      channel.close();
    });
    const get = (bytes: number) =>
      channel.send({ url: new URL(`/${bytes}`, server.endpoint), method: 'GET', headers: {} });
    expect((await get(1000)).body).toHaveLength(1000);
    expect((await rejection(get(1001))).code).toBe('invalid-response');
  });

  it.each([
    ['garbage', 'hello there\r\n\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`],
  ])('that are %s are invalid', async (_what, bytes) => {
    const server = net.createServer((socket) => {
      socket.once('data', () => socket.write(bytes));
    });
    const port = await listen(server);
    const client = await clientOf(`http://127.0.0.1:${port}`);
    const error = await rejection(client.describeKey('k'));
    expect(error.message).toMatch(/^"127\.0\.0\.1:\d+" does not answer in HTTP \(HPE_\w+\)$/);
    expect(error.code).toBe('invalid-response');
  });

  it('that break off are a network error', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{');
      setTimeout(() => response.destroy(), 20);
    });
    const error = await rejection((await clientOf(server.endpoint)).describeKey('k'));
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toBe(`no answer from "localhost:${server.port}": the connection was closed`);
  });
});

describe('connection', () => {
  it('refused is a network error', async () => {
    const probe = net.createServer();
    const port = await new Promise<number>((resolve) => {
      probe.listen(0, '127.0.0.1', () => {
        resolve((probe.address() as net.AddressInfo).port);
      });
    });
    await new Promise((resolve) => probe.close(resolve));
    const error = await rejection((await clientOf(`http://127.0.0.1:${port}`)).describeKey('k'));
    expect(error).toMatchObject({
      code: 'network',
      message: `cannot connect to "127.0.0.1:${port}": connection refused`,
    });
    expect(error.hints).toEqual(['check --endpoint: nothing listens there']);
  });

  it('closed without an answer is a network error', async () => {
    const port = await listen(net.createServer((socket) => socket.once('data', () => socket.destroy())));
    const error = await rejection((await clientOf(`http://127.0.0.1:${port}`)).describeKey('k'));
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toMatch(/^no answer from/);
  });

  it('to a server without TLS says so', async () => {
    const server = await serve((_request, response) => response.end());
    const error = await rejection((await clientOf(`localhost:${server.port}`)).describeKey('k'));
    expect(error.code).toBe('network');
    expect(error.hints.join()).toContain('http://127.0.0.1:port');
  });
});

describe('TLS', () => {
  const ok = (_request: unknown, response: http.ServerResponse) => {
    json(response, 200, { RequestId: 'r' });
  };

  it('trusts an authority that is given, and reuses the connection', async () => {
    const server = await serve(ok, certificates);
    const client = await clientOf(server.endpoint, { caPem: `a remark\r\n${certificates.caPem}` });
    await client.createAlias('k', 'alias/a');
    await client.createAlias('k', 'alias/b');
    expect(server.connections()).toBe(1);
  });

  it('refuses an unknown authority and says how to name it', async () => {
    const server = await serve(ok, certificates);
    const error = await rejection((await clientOf(server.endpoint)).describeKey('k'));
    expect(error).toMatchObject({ code: 'network', hints: [expect.stringContaining('--ca-file')] });
    expect(error.message).toContain('unknown authority');
    expect(server.received).toEqual([]);
  });

  it('refuses a certificate of another authority even when one is given', async () => {
    const server = await serve(ok, certificates);
    const client = await clientOf(server.endpoint, { caPem: makeCertificates().caPem });
    const error = await rejection(client.describeKey('k'));
    expect(error.code).toBe('network');
    expect(error.hints.at(-1)).toBe('the CA file that is given now does not hold it');
  });

  it.each([
    ['a given authority', 'direct', true],
    ['the default authorities', 'direct', false],
    ['a given authority', 'through a proxy', true],
    ['the default authorities', 'through a proxy', false],
  ])(
    'never speaks less than TLS 1.2 with %s, %s, whatever the options of Node say',
    async (_ca, way, given) => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const server = await serve(ok, { ...certificates, ...old });
      const proxy = await startProxy({ upstreamPort: server.port });
      const env = { ...ACCESS, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
      const endpoint = way === 'direct' ? server.endpoint : 'kms.cn-hangzhou.aliyuncs.com';
      const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
      // What --tls-min-v1.0 and --tls-cipher-list set.
      Object.assign(tls, { DEFAULT_MIN_VERSION: old.minVersion, DEFAULT_CIPHERS: old.ciphers });
      onTestFinished(() => {
        Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
      });
      const client = await clientOf(endpoint, { env, ...(given && { caPem: certificates.caPem }) });
      const error = await rejection(client.describeKey('k'));
      expect(error.hints.join()).toContain('1.2 is the least');
      expect(server.received).toEqual([]);
    },
  );

  it('refuses a certificate for another host', async () => {
    const other = makeCertificates('DNS:elsewhere.example');
    const server = await serve(ok, other);
    const error = await rejection((await clientOf(server.endpoint, { caPem: other.caPem })).describeKey('k'));
    expect(error.message).toContain('its certificate belongs to another host name');
  });

  it('keeps trusting NODE_EXTRA_CA_CERTS when an authority is given', async () => {
    const server = await serve(ok, certificates);
    const another = makeCertificates();
    const env = { ...ACCESS, NODE_EXTRA_CA_CERTS: certificates.caFile };
    const client = await clientOf(server.endpoint, { caPem: another.caPem, env });
    await expect(client.createAlias('k', 'alias/a')).resolves.toEqual({ requestId: 'r' });
    const missing = { ...ACCESS, NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' };
    const second = await clientOf(server.endpoint, { caPem: another.caPem, env: missing });
    expect((await rejection(second.describeKey('k'))).code).toBe('network');
  });

  it.each([
    ['no certificate', 'hello'],
    ['a damaged certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  ])('refuses a CA file with %s', async (what, caPem) => {
    const error = await rejection(clientOf('https://localhost:1', { caPem }));
    expect(error.code).toBe('configuration');
    expect(error.message).toContain(what.replace('a damaged certificate', 'is damaged'));
  });

  it('never runs with certificate checks turned off', async () => {
    const env = { ...ACCESS, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const error = await rejection(clientOf('https://localhost:1', { env }));
    expect(error).toMatchObject({ code: 'configuration', hints: [expect.stringContaining('--ca-file')] });
    await expect(
      clientOf('https://localhost:1', { env: { ...env, NODE_TLS_REJECT_UNAUTHORIZED: '' } }),
    ).resolves.toBeDefined();
  });

  it('verifies although the process was told not to', async () => {
    const server = await serve(ok, certificates);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    });
    expect((await rejection((await clientOf(server.endpoint)).describeKey('k'))).code).toBe('network');
  });
});

describe('abort', () => {
  it('ends an exchange at once with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new KmsAsymError('timeout', 'the batch took too long');
    const server = await serve(() => {
      controller.abort(reason);
    });
    const client = await clientOf(server.endpoint, { readTimeoutMs: 60_000 }, { signal: controller.signal });
    expect(await rejection(client.describeKey('k'))).toBe(reason);
    expect(await rejection(client.describeKey('k'))).toBe(reason);
    expect(server.received).toHaveLength(1);
  });

  it.each([
    ['timeout', 'the overall time limit is over', () => AbortSignal.timeout(50)],
    ['network', 'the call was aborted', () => AbortSignal.abort()],
  ])('by a plain signal is a %s error', async (code, message, signalOf) => {
    const server = await serve(() => undefined);
    const client = await clientOf(server.endpoint, { readTimeoutMs: 60_000 }, { signal: signalOf() });
    expect(await rejection(client.describeKey('k'))).toMatchObject({ code, message });
  });

  it('ends the wait of the retry loop', async () => {
    const server = await serve((_request, response) => {
      json(response, 429, {}, { 'retry-after': '20' });
    });
    const options = { retryCount: 3 };
    const client = await clientOf(server.endpoint, options, { signal: AbortSignal.timeout(100) });
    const call = client.describeKey('k');
    expect(await duration(call)).toBeLessThan(2000);
    expect((await rejection(call)).code).toBe('timeout');
  });
});
