import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { getV1, send, signV3 } from './signer.js';

async function start(options: EmulatorOptions = {}) {
  const emulator = await startEmulator({ hsm: 'software', ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

describe('startEmulator', () => {
  it('gives a loopback endpoint and fresh credentials that work', async () => {
    const [first, second] = [await start(), await start()];
    expect(first).toMatchObject({
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
      region: 'cn-hangzhou',
      accessKeyId: expect.stringMatching(/^LTAI[A-Za-z0-9]{20}$/) as string,
      accessKeySecret: expect.stringMatching(/^[A-Za-z0-9]{30}$/) as string,
      backend: 'software',
    });
    expect(await send(first.endpoint, signV3(first, 'ListKeys'))).toMatchObject({ status: 200 });
    const foreign = await send(second.endpoint, getV1(first, 'ListKeys'));
    expect(foreign.json).toMatchObject({ Code: 'InvalidAccessKeyId.NotFound' });
  });

  it('listens on 127.0.0.1 alone', async () => {
    const { endpoint } = await start();
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const others = own.filter(({ address, scopeid }) => address !== '127.0.0.1' && !scopeid);
    for (const host of ['::1', ...others.map(({ address }) => address)]) {
      const socket = connect({ host, port: Number(new URL(endpoint).port) });
      const outcome = await new Promise((resolve) => {
        socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused'));
      });
      socket.destroy();
      expect([host, outcome]).toEqual([host, 'refused']);
    }
  });

  it('tells its health and HSM without a signature', async () => {
    const { endpoint } = await start({ region: 'cn-beijing' });
    const answer = await send(endpoint, { method: 'GET', path: '/healthz', headers: {}, body: '' });
    expect(answer.json).toMatchObject({ status: 'ok', backend: 'software', region: 'cn-beijing' });
  });

  it('keeps time by the clock it is given', async () => {
    const emulator = await start({ clock: () => Date.parse('2030-01-02T03:04:05.678Z') });
    const request = signV3(emulator, 'CreateKey', {
      timeMs: Date.parse('2030-01-02T03:04:05Z'),
      query: { KeySpec: 'EC_P256' },
    });
    const answer = await send(emulator.endpoint, request);
    expect(answer.json['KeyMetadata']).toMatchObject({ CreationDate: '2030-01-02T03:04:05Z' });
    expect(answer.headers.date).toBe('Wed, 02 Jan 2030 03:04:05 GMT');
  });

  it('closes once, however often it is asked', async () => {
    const emulator = await start();
    await Promise.all([emulator.close(), emulator.close()]);
    await emulator.close();
    await expect(fetch(`${emulator.endpoint}/healthz`)).rejects.toThrow();
  });

  it('says that a port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    await expect(startEmulator({ hsm: 'software', port })).rejects.toMatchObject({
      name: 'KmsAsymError',
      code: 'emulator',
      message: `cannot listen on port "${port}": it is already in use`,
    });
  });

  it('refuses a port that is none', async () => {
    await expect(startEmulator({ hsm: 'software', port: 70_000 })).rejects.toMatchObject({
      code: 'emulator',
      message: 'cannot listen on port "70000": the system refuses it',
    });
  });

  it('refuses an HSM that it does not know', async () => {
    await expect(startEmulator({ hsm: 'abacus' })).rejects.toMatchObject({ code: 'usage' });
  });

  it('refuses a service mode that there is not', async () => {
    const options = { hsm: 'software', serviceMode: 'modern' } as unknown as EmulatorOptions;
    await expect(startEmulator(options)).rejects.toMatchObject({
      code: 'usage',
      message: 'unknown service mode "modern"',
    });
  });
});
