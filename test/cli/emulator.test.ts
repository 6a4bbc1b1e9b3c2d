import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { memoryStdio, type MemoryStdio } from './memory-stdio.js';

/** A busy machine may take a while to make a token. */
const PATIENCE = { timeout: 15_000 };

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
  await vi.waitUntil(() => stdio.output('stdout').length > 0, PATIENCE);
  return {
    stdio,
    status,
    stop: () => {
      listener?.('SIGTERM');
      expect(release).toHaveBeenCalledOnce();
    },
  };
}

interface Access {
  readonly Endpoint: string;
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken?: string;
  readonly CaFile?: string;
}

const accessOf = ({ stdio }: Server) => JSON.parse(stdio.output('stdout').toString()) as Access;

/** Runs a command against the server; the last argument wins over what the server says. */
async function ask(server: Server, args: string[], env: NodeJS.ProcessEnv = {}) {
  const access = accessOf(server);
  const stdio = memoryStdio();
  const all = {
    KMS_ASYM_ENDPOINT: access.Endpoint,
    ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou',
    ALIBABA_CLOUD_ACCESS_KEY_ID: access.AccessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: access.AccessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: access.SecurityToken,
    KMS_ASYM_CA_FILE: access.CaFile,
    ...env,
  };
  const status = await main([...args, '--retry-count', '0'], {
    stdio,
    env: all,
    interceptSignals: () => () => undefined,
  });
  const [out, err] = [stdio.output('stdout').toString(), stdio.output('stderr').toString()];
  return { status, out, err };
}

describe('with --tls', () => {
  it('our own commands verify it by the file that it prints, which is gone afterwards', async () => {
    const server = await serve('--json', '--hsm', 'software', '--tls');
    const { CaFile = '', Endpoint } = accessOf(server);
    expect(Endpoint).toMatch(/^https:/);
    expect(readFileSync(CaFile, 'utf8')).toMatch(
      /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/,
    );
    expect(await ask(server, ['create-key', '-q'])).toMatchObject({ status: 0 });
    const untrusted = await ask(server, ['create-key', '-q'], { KMS_ASYM_CA_FILE: '' });
    expect(untrusted).toMatchObject({ status: 6, out: '' });
    expect(untrusted.err).toMatch(/unknown authority\n.*hint: .*--ca-file FILE/);
    server.stop();
    expect(await server.status).toBe(0);
    expect(existsSync(CaFile)).toBe(false);
  });

  it('prints the file as an export', async () => {
    const server = await serve('--hsm', 'software', '--tls');
    expect(server.stdio.output('stdout').toString()).toMatch(/^export KMS_ASYM_CA_FILE=\S+\.pem$/m);
    server.stop();
    await server.status;
  });
});

describe('a test bench', () => {
  it.each([
    [['--deny', 'CreateKey'], 4, /Forbidden\.NoPermission/],
    [['--deny', 'ScheduleKeyDeletion:key-x'], 0, /^$/],
    [['--fault', 'error503=1'], 6, /ServiceUnavailableTemporary/],
    [['--fault', 'throttle=1,seed=4'], 6, /Rejected\.Throttling/],
    [['--clock-offset', '-1h'], 7, /InvalidTimeStamp\.Expired[^]*ahead of the service/],
    [['--clock-offset', '+14m'], 0, /^$/],
    [['--service-mode', 'instance'], 4, /UnsupportedOperation/],
    [['--access-key', 'STS.a:b:c:2099-01-01T00:00:00Z'], 0, /^$/],
    [['--access-key', 'STS.a:b:c:2001-01-01T00:00:00Z'], 7, /InvalidSecurityToken\.Expired/],
    [['--qps', '9'], 0, /^$/],
  ])('%j: create-key ends with %d', async (flags, status, stderr) => {
    const server = await serve('--json', '--hsm', 'software', ...flags);
    const answer = await ask(server, ['create-key', '-q']);
    expect(answer.err).toMatch(stderr);
    expect(answer.status).toBe(status);
    server.stop();
    expect(await server.status).toBe(0);
  });

  it('throttles beyond --qps', async () => {
    const server = await serve('--json', '--hsm', 'software', '--qps', '0.01');
    expect((await ask(server, ['get-public-key', '--key-id', 'alias/none'])).status).toBe(4);
    const second = await ask(server, ['get-public-key', '--key-id', 'alias/none']);
    expect(second.err).toContain('Rejected.Throttling');
    server.stop();
    await server.status;
  });

  it('logs every request with -v as one line of JSON, and none without', async () => {
    for (const flags of [['-v'], []]) {
      const server = await serve('--json', '--hsm', 'software', ...flags);
      await ask(server, ['create-key', '-q']);
      server.stop();
      await server.status;
      const lines = server.stdio
        .output('stderr')
        .toString()
        .trim()
        .split('\n')
        .filter((line) => line !== '');
      const actions = lines.map((line) => (JSON.parse(line) as { action: string }).action);
      expect(actions).toEqual(flags.length === 0 ? [] : expect.arrayContaining(['CreateKey']));
      expect(lines.join()).not.toContain(accessOf(server).AccessKeySecret);
    }
  });

  it('quotes what a shell would not take as it is', async () => {
    const server = await serve('--hsm', 'software', '--access-key', "a:it's$HOME");
    expect(server.stdio.output('stdout').toString()).toContain(
      "export ALIBABA_CLOUD_ACCESS_KEY_SECRET='it'\\''s$HOME'\n",
    );
    server.stop();
    await server.status;
  });
});

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
  await vi.waitUntil(() => server.stdio.output('stderr').includes('not a security boundary'), PATIENCE);
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
    const listeners: ((signal: NodeJS.Signals) => void)[] = [];
    const stdio = memoryStdio(undefined, terminals);
    const status = main(['emulator', '--hsm', 'software', '--', 'sh', '-c', 'sleep 1 & wait; exit 5'], {
      stdio,
      env: { PATH: process.env['PATH'] },
      interceptSignals: (given) => {
        listeners.push(given);
        return () => undefined;
      },
    });
    // The first is the emulator's own, until its command runs.
    await vi.waitUntil(() => listeners.length > 1, PATIENCE);
    listeners[1]?.(signal);
    expect(await status).toBe(expected);
  },
);

it.each(['USR1', 'USR2'])('hands SIG%s to its command, and goes on', async (name) => {
  const stdio = memoryStdio();
  const script = `trap 'exit 5' ${name}; kill -${name} $PPID; sleep 5 & wait`;
  const before = process.listenerCount(`SIG${name}`);
  const status = await main(['emulator', '--hsm', 'software', '--', 'sh', '-c', script], {
    stdio,
    env: { PATH: process.env['PATH'] },
    interceptSignals: () => () => undefined,
  });
  expect(status).toBe(5);
  expect(process.listenerCount(`SIG${name}`)).toBe(before);
});

it('refuses an HSM it does not know', async () => {
  const stdio = memoryStdio();
  const run = { stdio, env: {}, interceptSignals: () => () => undefined };
  expect(await main(['emulator', '--hsm', 'nonsense'], run)).toBe(2);
  expect(stdio.output('stderr').toString()).toContain('nonsense');
});

it('takes away what it made when a signal comes while it starts', async () => {
  const status = main(['emulator', '--hsm', 'software', '--', 'sh', '-c', 'exit 5'], {
    stdio: memoryStdio(),
    env: { PATH: process.env['PATH'] },
    interceptSignals: (listener) => {
      listener('SIGTERM');
      return () => undefined;
    },
  });
  expect(await status).toBe(143);
});
