/** What every plugin of ours does when an age client wraps file keys; each case talks to one that it starts. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { Client, stanza, type Command } from './client.js';
import type { Case, Setting } from './cases.js';

const fileKey = (): Buffer => randomBytes(16);
const grease = (seed: number): string =>
  stanza(
    `grease-${seed.toString(16)}`,
    ['a', 'b', 'c'].slice(0, seed % 4),
    Buffer.alloc((seed * 48) % 200, seed),
  );

const wrap = ({ start }: Setting, ...texts: string[]): Promise<Command[]> =>
  new Client(start, 'recipient-v1').say(...texts, stanza('done')).converse();
const add = (recipient: string): string => stanza('add-recipient', [recipient]);
const addIdentity = (identity: string): string => stanza('add-identity', [identity]);
const key = (bytes: Uint8Array = fileKey()): string => stanza('wrap-file-key', [], bytes);
const LABELS = stanza('extension-labels');
const firstWords = (commands: readonly Command[]): string[] =>
  commands.map(({ type, args }) => [type, ...args.slice(0, type === 'error' ? 2 : 1)].join(' '));

export const WRAPPING_CASES: readonly Case[] = [
  ...(['RSA_2048', 'RSA_3072', 'RSA_4096'] as const).map((spec): Case => {
    return {
      title: `wraps for ${spec}, whose stanza says all that opening it takes`,
      run: async (setting) => {
        const { keyId, keyVersionId, key: rsa, recipient } = setting.world.keys[spec];
        const before = setting.world.calls();
        const [command, ...more] = await wrap(setting, add(recipient), key());
        expect(more).toEqual([]);
        const args = [
          '0',
          'alikms',
          'RSAES_OAEP_SHA_256',
          rsa.fingerprint,
          'cn-hangzhou',
          keyId,
          keyVersionId,
        ];
        expect(command).toMatchObject({ type: 'recipient-stanza', args });
        expect(command?.body.length).toBe(rsa.modulusBytes);
        expect(setting.world.calls()).toBe(before);
      },
    };
  }),
  {
    title: 'ends by itself while the client still holds its pipe',
    run: async ({ start, world }) => {
      const client = new Client(start, 'recipient-v1');
      await client.say(add(world.keys.RSA_2048.recipient), key(), stanza('done')).converse();
      await client.ended();
    },
  },
  {
    title: 'wraps every file key for every recipient, in whatever order they were named',
    run: async (setting) => {
      const { RSA_2048, RSA_4096 } = setting.world.keys;
      const commands = await wrap(
        setting,
        key(),
        add(RSA_2048.recipient),
        key(),
        add(RSA_4096.recipient),
        key(),
      );
      expect(commands.map(({ args, body }) => `${args[0] ?? ''} ${body.length}`).sort()).toEqual(
        ['0', '1', '2'].flatMap((file) => [`${file} 256`, `${file} 512`]),
      );
      expect(new Set(commands.map(({ body }) => body.toString('hex'))).size).toBe(6);
    },
  },
  {
    title: 'wraps a thousand file keys',
    run: async (setting) => {
      const keys = Array.from({ length: 1000 }, () => key());
      const commands = await wrap(setting, add(setting.world.keys.RSA_2048.recipient), ...keys);
      expect(commands.map(({ args }) => args[0])).toEqual(keys.map((_, index) => String(index)));
    },
  },
  {
    title: 'wraps for an identity too, whose key it asks for',
    run: async (setting) => {
      const { keyId, keyVersionId, identity } = setting.world.keys.RSA_3072;
      const { recipient } = setting.world.keys.RSA_2048;
      const commands = await wrap(setting, addIdentity(identity), add(recipient), key());
      expect(commands).toHaveLength(2);
      expect(commands.filter(({ args }) => args[5] === keyId && args[6] === keyVersionId)).toHaveLength(1);
    },
  },
  {
    title: 'ignores commands that it does not know, wherever they stand',
    run: async (setting) => {
      const { recipient } = setting.world.keys.RSA_2048;
      const texts = [add(recipient), key(), add(recipient), LABELS].flatMap((text, index) => [
        grease(index),
        stanza('constructor', ['__proto__']),
        text,
      ]);
      expect(firstWords(await wrap(setting, ...texts, grease(7)))).toEqual([
        'labels',
        'recipient-stanza 0',
        'recipient-stanza 0',
      ]);
    },
  },
  {
    title: 'says once that it has no labels, and only to a client that knows them',
    run: async (setting) => {
      const { recipient } = setting.world.keys.RSA_2048;
      const labels = async (...texts: string[]): Promise<Command[]> =>
        (await wrap(setting, ...texts)).filter(({ type }) => type === 'labels');
      expect(await labels(add(recipient), key(), key())).toEqual([]);
      expect(await labels(LABELS, add(recipient), key(), key())).toEqual([
        { type: 'labels', args: [], body: Buffer.alloc(0) },
      ]);
    },
  },
  {
    title: 'names every unusable recipient and identity by its own index, and wraps for nobody',
    run: async (setting) => {
      const { recipient, identity } = setting.world.keys.RSA_2048;
      const before = setting.world.calls();
      const commands = await wrap(
        setting,
        ...[LABELS, add(recipient), addIdentity(identity), add(`${recipient}x`), key()],
        ...[addIdentity('AGE-PLUGIN-ALIKMS-1QQ'), add('age1yubikey1qqqq'), add(recipient)],
      );
      expect(firstWords(commands).sort()).toEqual([
        'error identity 1',
        'error recipient 1',
        'error recipient 2',
      ]);
      expect(commands.map(({ body }) => body.toString()).join('\n')).toContain('is damaged');
      expect(setting.world.calls()).toBe(before);
    },
  },
  {
    title: 'has no key to encrypt to for an identity of any key',
    run: async (setting) => {
      const [command, ...more] = await wrap(setting, addIdentity(setting.world.anyIdentity), key());
      expect(more).toEqual([]);
      expect(command).toMatchObject({ type: 'error', args: ['identity', '0'] });
      expect(command?.body.toString()).toMatch(/^the identity stands for any key.*\nhint: /);
    },
  },
  {
    title: 'tells why the service does not give the key of an identity',
    run: async (setting) => {
      const commands = await wrap(setting, addIdentity(setting.world.missingIdentity), key());
      expect(firstWords(commands)).toEqual(['error identity 0']);
      expect(commands[0]?.body.toString()).toMatch(/\nForbidden\.KeyNotFound \(HTTP 404, RequestId [\w-]+\)/);
    },
  },
  ...(
    [
      ['no recipient', () => [key()]],
      ['no file key', (recipient) => [add(recipient)]],
      ['nothing at all', () => []],
      ['a file key of 15 bytes', (recipient) => [add(recipient), key(randomBytes(15)), key()]],
      ['a file key of 17 bytes', (recipient) => [add(recipient), key(randomBytes(17))]],
      [
        'a file key with an argument',
        (recipient) => [add(recipient), stanza('wrap-file-key', ['x'], fileKey())],
      ],
      ['a recipient without text', (recipient) => [stanza('add-recipient'), add(recipient), key()]],
      [
        'two recipients in one command',
        (recipient) => [stanza('add-recipient', [recipient, recipient]), key()],
      ],
      ['a recipient with a body', (recipient) => [stanza('add-recipient', [recipient], fileKey()), key()]],
      ['an identity without text', (recipient) => [add(recipient), stanza('add-identity'), key()]],
      ['labels with an argument', (recipient) => [add(recipient), key(), stanza('extension-labels', ['x'])]],
    ] as const satisfies [string, (recipient: string) => string[]][]
  ).map(([what, texts]): Case => {
    return {
      title: `refuses an order with ${what}, and wraps nothing`,
      run: async (setting) => {
        const commands = await wrap(setting, ...texts(setting.world.keys.RSA_2048.recipient));
        expect(commands.length).toBeGreaterThan(0);
        expect(new Set(firstWords(commands))).toEqual(new Set(['error internal']));
      },
    };
  }),
  ...['fail', 'unsupported'].map((answer): Case => {
    return {
      title: `ends when the client answers "${answer}" to a stanza`,
      run: async ({ start, world }) => {
        const client = new Client(start, 'recipient-v1');
        client.say(add(world.keys.RSA_2048.recipient), key(), key(), stanza('done'));
        await client.hear();
        client.say(stanza(answer));
        const { status, stderr } = await client.plugin.end;
        expect(status).toBe(3);
        expect(stderr).toBe(
          `age-plugin-alikms: error: the age client answered "${answer}" to "recipient-stanza"\n`,
        );
      },
    };
  }),
];
