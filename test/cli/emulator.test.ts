import { expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { memoryStdio, type MemoryStdio } from './memory-stdio.js';

interface Server {
  readonly stdio: MemoryStdio;
  readonly status: Promise<number>;
  stop(): void;
}

async function serve(...args: string[]): Promise<Server> {
  const stdio = memoryStdio();
  let listener: ((signal: NodeJS.Signals) => void) | undefined;
  const release = vi.fn();
  const status = main(['emulator', ...args], {
    stdio,
    env: {},
    interceptSignals: (given) => {
      listener = given;
      return release;
    },
  });
  await vi.waitUntil(() => stdio.output('stdout').length > 0);
  return {
    stdio,
    status,
    stop: () => {
      listener?.('SIGTERM');
      expect(release).toHaveBeenCalledOnce();
    },
  };
}

it('serves until a signal and then ends with status 0', async () => {
  const server = await serve('--json', '--hsm', 'software');
  const { Endpoint, ...rest } = JSON.parse(server.stdio.output('stdout').toString()) as Record<
    string,
    string
  >;
  expect(rest).toEqual({
    Region: 'cn-hangzhou',
    AccessKeyId: expect.stringMatching(/^LTAI/) as string,
    AccessKeySecret: expect.any(String) as string,
    Hsm: expect.any(String) as string,
  });
  const health = await fetch(`${Endpoint ?? ''}/healthz`);
  expect(health.status).toBe(200);
  server.stop();
  expect(await server.status).toBe(0);
  await expect(fetch(`${Endpoint ?? ''}/healthz`)).rejects.toThrow();
});

it('prints lines that a shell can source, and says what it is not', async () => {
  const server = await serve('--hsm', 'software');
  const lines = server.stdio.output('stdout').toString().trim().split('\n');
  expect(lines.map((line) => line.replace(/=.*/, ''))).toEqual([
    'export KMS_ASYM_ENDPOINT',
    'export ALIBABA_CLOUD_REGION_ID',
    'export ALIBABA_CLOUD_ACCESS_KEY_ID',
    'export ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  ]);
  await vi.waitUntil(() => server.stdio.output('stderr').includes('not a security boundary'));
  server.stop();
  expect(await server.status).toBe(0);
});

it('names the port that is taken', async () => {
  const first = await serve('--json', '--hsm', 'software');
  const { Endpoint = '' } = JSON.parse(first.stdio.output('stdout').toString()) as Record<string, string>;
  const port = new URL(Endpoint).port;
  const stdio = memoryStdio();
  const run = { stdio, env: {}, interceptSignals: () => () => undefined };
  expect(await main(['emulator', '--port', port], run)).toBe(7);
  expect(stdio.output('stderr').toString()).toContain(port);
  first.stop();
  await first.status;
});

it.each([
  ['SIGTERM', [], 143],
  ['SIGINT', [], 130],
  // A terminal has sent SIGINT to the command already; it must not get a second one.
  ['SIGINT', ['stdin'], 5],
] as const)(
  'hands %s to its command (terminal: %j), which then ends with %i',
  async (signal, terminals, expected) => {
    let listener: ((signal: NodeJS.Signals) => void) | undefined;
    const stdio = memoryStdio(undefined, terminals);
    const status = main(['emulator', '--hsm', 'software', '--', 'sh', '-c', 'sleep 1 & wait; exit 5'], {
      stdio,
      env: { PATH: process.env['PATH'] },
      interceptSignals: (given) => {
        listener = given;
        return () => undefined;
      },
    });
    await vi.waitUntil(() => listener);
    listener?.(signal);
    expect(await status).toBe(expected);
  },
);

it('refuses an HSM it does not know', async () => {
  const stdio = memoryStdio();
  const run = { stdio, env: {}, interceptSignals: () => () => undefined };
  expect(await main(['emulator', '--hsm', 'nonsense'], run)).toBe(2);
  expect(stdio.output('stderr').toString()).toContain('nonsense');
});
