/** What every plugin of ours does with bytes: in any pieces, broken ones, and when they end. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Case, Setting } from './cases.js';
import { Client, expectEnd, stanza } from './client.js';

const FILE_KEY = randomBytes(16);
const order = ({ world }: Setting): string =>
  stanza('add-recipient', [world.keys.RSA_3072.recipient]) +
  stanza('extension-labels') +
  stanza('wrap-file-key', [], FILE_KEY) +
  stanza('done');
const ONE_LINE = /^age-plugin-alikms: error: [^\n]+\n$/;

/** Whatever was said wrong, the plugin ends with one line about it. */
async function refuses({ start }: Setting, text: string | Buffer, status = 3): Promise<void> {
  const { plugin } = new Client(start, 'recipient-v1');
  plugin.write(Buffer.from(text as string, 'latin1'));
  if (status === 5) plugin.closeStdin();
  expectEnd(await plugin.end, { status, stderr: ONE_LINE });
}

const line = 'A'.repeat(64);
const BROKEN: readonly (readonly [string, string])[] = [
  ['CRLF', '-> done\r\n\r\n'],
  ['no arrow', 'done\n\n'],
  ['an arrow without space', '->done\n\n'],
  ['two spaces', '-> a  b\n\n'],
  ['a space at the end', '-> a \n\n'],
  ['a tab', '-> a\tb\n\n'],
  ['no type', '-> \n\n'],
  ['an escape', '-> a\u001b[31m\n\n'],
  ['a byte beyond ASCII', '-> a\xff\n\n'],
  ['a NUL', '-> a\0\n\n'],
  ['a byte order mark', '\xef\xbb\xbf-> done\n\n'],
  ['an empty line', '\n'],
  ['padding', '-> a\nAA==\n'],
  ['bits that are not used', '-> a\nAB\n'],
  ['base64 for URLs', '-> a\n-_-_\n'],
  ['a line of 65 columns', `-> a\n${line}A\n`],
  ['a body that does not end', `-> a\n${line}\n-> done\n\n`],
  ['a space in a body', '-> a\nAAAA AAAA\n'],
  ['two megabytes on one line', `-> ${'a'.repeat(2_000_000)}`],
  ['two megabytes of arguments', `->${' a'.repeat(1_000_000)}\n\n`],
  ['two megabytes of body', `-> a\n${`${line}\n`.repeat(31_000)}`],
];

export const FRAMING_CASES: readonly Case[] = [
  {
    title: 'hears an order that comes byte by byte',
    run: async (setting) => {
      const client = new Client(setting.start, 'recipient-v1');
      for (const byte of Buffer.from(order(setting))) {
        client.plugin.write(Buffer.from([byte]));
        if (byte === 0x0a) await new Promise(setImmediate);
      }
      const commands = await client.converse();
      expect(commands.map(({ type, body }) => `${type} ${body.length}`)).toEqual([
        'labels 0',
        'recipient-stanza 384',
      ]);
    },
  },
  {
    title: 'needs no pause between the order and the answers',
    run: async (setting) => {
      const client = new Client(setting.start, 'recipient-v1').say(order(setting), stanza('ok').repeat(2));
      client.isStrict = false;
      expect((await client.converse(() => undefined)).map(({ type }) => type)).toEqual([
        'labels',
        'recipient-stanza',
      ]);
      await client.ended();
    },
  },
  ...BROKEN.map(([what, text]): Case => {
    return { title: `ends with one line about ${what}`, run: (setting) => refuses(setting, text) };
  }),
  ...['nonsense\n\n', stanza('yes'), stanza('done'), '-> ok\nA\n'].map((answer): Case => {
    return {
      title: `ends with one line about the answer ${JSON.stringify(answer)}`,
      run: (setting) => refuses(setting, order(setting) + answer),
    };
  }),
  {
    title: 'ends when its input does, wherever that is',
    run: async (setting) => {
      const whole = Buffer.from(order(setting) + stanza('ok') + stanza('ok'));
      const places = [
        0,
        1,
        3,
        15,
        600,
        whole.length - 30,
        whole.length - 20,
        whole.length - 10,
        whole.length - 2,
      ];
      for (const end of places) await refuses(setting, whole.subarray(0, end), 5);
    },
  },
  {
    title: 'ends quietly when its reader went away',
    run: async (setting) => {
      const { plugin } = new Client(setting.start, 'recipient-v1');
      plugin.closeStdout();
      plugin.write(Buffer.from(order(setting)));
      expectEnd(await plugin.end, { status: 141, stderr: /^$/ });
    },
  },
  {
    title: 'ends quietly on SIGINT, whatever it waits for',
    run: async (setting) => {
      for (const heard of ['', stanza('add-recipient', ['x']), order(setting)]) {
        const client = new Client(setting.start, 'recipient-v1').say(heard);
        if (client.plugin.kill === undefined) return;
        if (heard.includes('-> done')) await client.hear();
        else await new Promise((resolve) => setTimeout(resolve, 300));
        client.plugin.kill('SIGINT');
        expect(await client.plugin.end).toEqual({ status: null, signal: 'SIGINT', stderr: '' });
      }
    },
  },
  ...(
    [
      ['no argument', [], /^age-plugin-alikms: error: this program is started by age clients[^]*hint: /],
      ['two arguments', ['--age-plugin=identity-v1', 'x'], /started by age clients/],
      ['an unknown state machine', ['--age-plugin=recipient-v2'], /"recipient-v2" is not a state machine/],
      ['a property of objects', ['--age-plugin=constructor'], /"constructor" is not a state machine/],
      ['no state machine', ['--age-plugin='], /"" is not a state machine/],
    ] as const
  ).map(([what, args, stderr]): Case => {
    return {
      title: `refuses to start with ${what}`,
      run: async ({ start }) => {
        const plugin = start(...args);
        expectEnd(await plugin.end, { status: 2, stderr });
        expect(await plugin.read()).toBeUndefined();
      },
    };
  }),
  ...(
    [
      ['--version', /^\d+\.\d+\.\d+(-\w+\.\d+)?\n$/],
      ['--help', /^Usage: age-plugin-alikms --age-plugin=/],
      ['-h', /^Usage: /],
    ] as const
  ).map(([flag, stdout]): Case => {
    return {
      title: `answers ${flag}`,
      run: async ({ start }) => {
        const plugin = start(flag);
        expect((await plugin.read())?.toString()).toMatch(stdout);
        expectEnd(await plugin.end, { status: 0, stderr: /^$/ });
      },
    };
  }),
];
