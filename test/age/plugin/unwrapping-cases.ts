/** What every plugin of ours does when an age client looks for file keys; each case talks to one that it starts. */
import { constants, publicEncrypt, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Case, Setting } from './cases.js';
import { Client, stanza, type Command } from './client.js';
import type { WorldKey } from './world.js';

interface Wrapped {
  readonly args: readonly string[];
  readonly body: Buffer;
}

/** A stanza as the specification of this project has it, made without its code. */
function wrapped({ key, keyId, keyVersionId }: WorldKey, fileKey: Uint8Array): Wrapped {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const args = ['alikms', 'RSAES_OAEP_SHA_256', key.fingerprint, 'cn-hangzhou', keyId, keyVersionId];
  return { args, body: publicEncrypt({ key: key.keyObject, padding, oaepHash: 'sha256' }, fileKey) };
}

const KEY = randomBytes(16);
const X25519: Wrapped = { args: ['X25519', 'A'.repeat(43)], body: randomBytes(32) };
const inFile = (file: number | string, { args, body }: Wrapped): string =>
  stanza('recipient-stanza', [String(file), ...args], body);
const addIdentity = (identity: string): string => stanza('add-identity', [identity]);
const unwrap = ({ start }: Setting, ...texts: string[]): Promise<Command[]> =>
  new Client(start, 'identity-v1').say(...texts, stanza('done')).converse();
const withArgs = (original: Wrapped, ...args: string[]): Wrapped => ({
  ...original,
  args: ['alikms', ...args],
});
/** As made by somebody who knew the public key alone. */
const nameless = (key: WorldKey, fileKey: Uint8Array): Wrapped => {
  const { args, body } = wrapped(key, fileKey);
  return { args: args.slice(0, 3), body };
};
const fileKey = (file: number, body = KEY): Command => ({ type: 'file-key', args: [String(file)], body });
const errorsOf = (commands: readonly Command[]): string[] =>
  commands.map(({ type, args }) => [type, ...args].join(' '));

const MALFORMED: readonly (readonly [string, (good: Wrapped) => Wrapped])[] = [
  ['no arguments', (good) => withArgs(good)],
  ['an argument too many', (good) => ({ ...good, args: [...good.args, 'x'] })],
  ['an argument too few', (good) => ({ ...good, args: good.args.slice(0, -1) })],
  ['an algorithm of another kind', (good) => ({ ...good, args: good.args.with(1, 'RSAES_PKCS1_V1_5') })],
  ['a fingerprint that is none', (good) => ({ ...good, args: good.args.with(2, 'AAAA') })],
  ['a region that is a host', (good) => ({ ...good, args: good.args.with(3, 'evil.example/') })],
  ['a key that is an alias', (good) => ({ ...good, args: good.args.with(4, 'alias/a') })],
  ['a body that is a byte short', (good) => ({ ...good, body: good.body.subarray(1) })],
  ['no body', (good) => ({ ...good, body: Buffer.alloc(0) })],
];

export const UNWRAPPING_CASES: readonly Case[] = [
  ...(['RSA_2048', 'RSA_3072', 'RSA_4096'] as const).flatMap((spec): Case[] => {
    const opens =
      (which: 'identity' | 'anyIdentity'): Case['run'] =>
      async (setting) => {
        const key = setting.world.keys[spec];
        const identity = which === 'identity' ? key.identity : setting.world.anyIdentity;
        const commands = await unwrap(
          setting,
          addIdentity(identity),
          inFile(0, X25519),
          inFile(0, wrapped(key, KEY)),
        );
        expect(commands).toEqual([fileKey(0)]);
      };
    return [
      { title: `opens what is wrapped for ${spec} with the identity of its key`, run: opens('identity') },
      { title: `opens what is wrapped for ${spec} with the identity of any key`, run: opens('anyIdentity') },
    ];
  }),
  {
    title: 'finds the file keys of several files, and ends by itself',
    run: async ({ start, world }) => {
      const { RSA_2048, RSA_3072 } = world.keys;
      const keys = [randomBytes(16), randomBytes(16), randomBytes(16)] as const;
      const client = new Client(start, 'identity-v1').say(
        ...[inFile(0, wrapped(RSA_2048, keys[0])), addIdentity(RSA_3072.identity)],
        ...[inFile(0, X25519), inFile(1, X25519), inFile(2, wrapped(RSA_3072, keys[1]))],
        ...[addIdentity(RSA_2048.identity), inFile(5, wrapped(RSA_2048, keys[2])), stanza('done')],
      );
      expect(await client.converse()).toEqual([
        fileKey(0, keys[0]),
        fileKey(2, keys[1]),
        fileKey(5, keys[2]),
      ]);
      await client.ended();
    },
  },
  {
    title: 'ignores commands that it does not know, wherever they stand',
    run: async (setting) => {
      const { RSA_2048 } = setting.world.keys;
      const texts = [addIdentity(RSA_2048.identity), inFile(0, wrapped(RSA_2048, KEY))].flatMap((text) => [
        stanza('grease-1f', ['5', '17'], randomBytes(48)),
        text,
        stanza('toString'),
        stanza('wrap-file-key', [], KEY),
      ]);
      expect(await unwrap(setting, ...texts)).toEqual([fileKey(0)]);
    },
  },
  {
    title: 'is silent about a file for others, without a call',
    run: async (setting) => {
      const before = setting.world.calls();
      const others = [
        X25519,
        { args: ['alikmsx', 'a'], body: Buffer.alloc(1) },
        { args: ['scrypt'], body: KEY },
      ];
      const texts = others.map((other) => inFile(0, other));
      expect(await unwrap(setting, addIdentity(setting.world.anyIdentity), ...texts)).toEqual([]);
      expect(setting.world.calls()).toBe(before);
    },
  },
  {
    title: 'is silent about a file for a key that the identity is not for, without a call',
    run: async (setting) => {
      const before = setting.world.calls();
      const { RSA_2048, RSA_3072 } = setting.world.keys;
      const text = inFile(0, wrapped(RSA_2048, KEY));
      expect(await unwrap(setting, addIdentity(RSA_3072.identity), text)).toEqual([]);
      expect(setting.world.calls()).toBe(before);
    },
  },
  {
    title: 'is silent about a stanza that does not name its key and is not for that of the identity',
    run: async (setting) => {
      const before = setting.world.decryptCalls();
      const { RSA_2048, RSA_3072 } = setting.world.keys;
      const texts = [nameless(RSA_3072, KEY), nameless(RSA_2048, KEY)].map((each, index) =>
        inFile(index, each),
      );
      expect(await unwrap(setting, addIdentity(RSA_2048.identity), ...texts)).toEqual([fileKey(1)]);
      expect(setting.world.decryptCalls()).toBe(before + 2);
    },
  },
  {
    title: 'asks the keys of all identities, four at most, about a stanza that does not name its key',
    run: async (setting) => {
      const { RSA_2048, RSA_3072, RSA_4096 } = setting.world.keys;
      const identities = [RSA_2048, RSA_4096, RSA_3072].map(({ identity }) => addIdentity(identity));
      const text = inFile(0, nameless(RSA_3072, KEY));
      expect(await unwrap(setting, ...identities, text)).toEqual([fileKey(0)]);
      const before = setting.world.decryptCalls();
      const others = identities.slice(0, 2).join('').repeat(3);
      expect(await unwrap(setting, others, text)).toEqual([]);
      expect(setting.world.decryptCalls()).toBe(before + 4);
    },
  },
  {
    title: 'asks first about stanzas that name their keys',
    run: async (setting) => {
      const { RSA_2048, RSA_3072 } = setting.world.keys;
      const before = setting.world.decryptCalls();
      const texts = [nameless(RSA_3072, KEY), wrapped(RSA_2048, KEY)].map((each) => inFile(0, each));
      expect(await unwrap(setting, addIdentity(RSA_2048.identity), ...texts)).toEqual([fileKey(0)]);
      expect(setting.world.decryptCalls()).toBe(before + 1);
    },
  },
  {
    title: 'shows what to do, but no error, where neither stanza nor identity names a key',
    run: async (setting) => {
      const before = setting.world.calls();
      const text = inFile(0, nameless(setting.world.keys.RSA_2048, KEY));
      const commands = await unwrap(setting, addIdentity(setting.world.anyIdentity), text);
      expect(commands.map(({ type }) => type)).toEqual(['msg']);
      expect(commands[0]?.body.toString()).toMatch(/^the age file does not say .*KMS_ASYM_KEY_ID=ID/);
      expect(setting.world.calls()).toBe(before);
    },
  },
  ...['fail', 'unsupported'].map((answer): Case => {
    return {
      title: `goes on when the client answers "${answer}" to what it should show`,
      run: async ({ start, world }) => {
        const { RSA_2048 } = world.keys;
        const texts = [nameless(RSA_2048, KEY), wrapped(RSA_2048, KEY)].map((each, file) =>
          inFile(file, each),
        );
        const client = new Client(start, 'identity-v1').say(
          addIdentity(world.anyIdentity),
          ...texts,
          stanza('done'),
        );
        const commands = await client.converse(({ type }) => stanza(type === 'msg' ? answer : 'ok'));
        expect(errorsOf(commands)).toEqual(['msg', 'file-key 1']);
      },
    };
  }),
  {
    title: 'is silent where there is no file',
    run: async (setting) => {
      expect(await unwrap(setting, addIdentity(setting.world.anyIdentity))).toEqual([]);
    },
  },
  {
    title: 'gives a file key once, though several stanzas hold it',
    run: async (setting) => {
      const { RSA_2048, RSA_3072 } = setting.world.keys;
      const before = setting.world.decryptCalls();
      const texts = [RSA_2048, RSA_2048, RSA_3072].map((key) => inFile(0, wrapped(key, KEY)));
      expect(await unwrap(setting, addIdentity(setting.world.anyIdentity), ...texts)).toEqual([fileKey(0)]);
      expect(setting.world.decryptCalls()).toBe(before + 1);
    },
  },
  {
    title: 'goes on to the next key when the service refuses one, and then says nothing of it',
    run: async (setting) => {
      const { world } = setting;
      const texts = [world.denied, world.disabled, world.keys.RSA_4096].map((key) =>
        inFile(0, wrapped(key, KEY)),
      );
      expect(await unwrap(setting, addIdentity(world.anyIdentity), ...texts)).toEqual([fileKey(0)]);
    },
  },
  ...(['denied', 'disabled'] as const).map((which): Case => {
    const code =
      which === 'denied' ? 'Forbidden\\.NoPermission \\(HTTP 403' : 'Rejected\\.Disabled \\(HTTP 409';
    return {
      title: `says with its code, RequestId and hint that a key is ${which}, at the place of its stanza`,
      run: async (setting) => {
        const key = setting.world[which];
        const texts = [X25519, X25519, wrapped(key, KEY)].map((each) => inFile(3, each));
        const [command, ...more] = await unwrap(setting, addIdentity(key.identity), ...texts);
        expect(more).toEqual([]);
        expect(command).toMatchObject({ type: 'error', args: ['stanza', '3', '2'] });
        expect(command?.body.toString()).toMatch(
          new RegExp(
            `^AsymmetricDecrypt of key "${key.keyId}" was refused: .*\\n${code}, RequestId [\\w-]+\\)\\nhint: .*`,
          ),
        );
      },
    };
  }),
  {
    title: 'makes no more than four calls for a file, and then tells why each failed',
    run: async (setting) => {
      const before = setting.world.decryptCalls();
      const { denied, anyIdentity } = setting.world;
      const texts = Array.from({ length: 9 }, () => inFile(0, wrapped(denied, KEY)));
      const [command, ...more] = await unwrap(setting, addIdentity(anyIdentity), ...texts);
      expect(more).toEqual([]);
      expect(command).toMatchObject({ type: 'error', args: ['stanza', '0', '0'] });
      expect(command?.body.toString()).toMatch(/^none of the first 4 of 9 stanzas [^]*5 more were not tried/);
      expect(setting.world.decryptCalls()).toBe(before + 4);
    },
  },
  {
    title: 'goes on with other files when one cannot be opened',
    run: async (setting) => {
      const { denied, keys, anyIdentity } = setting.world;
      const commands = await unwrap(
        setting,
        ...[
          addIdentity(anyIdentity),
          inFile(0, wrapped(denied, KEY)),
          inFile(1, wrapped(keys.RSA_2048, KEY)),
        ],
      );
      expect(errorsOf(commands)).toEqual(['error stanza 0 0', 'file-key 1']);
    },
  },
  ...[0, 15, 17, 32].map((length): Case => {
    return {
      title: `takes ${length} bytes in a stanza for no file key`,
      run: async (setting) => {
        const { identity } = setting.world.keys.RSA_2048;
        const text = inFile(0, wrapped(setting.world.keys.RSA_2048, randomBytes(length)));
        expect(errorsOf(await unwrap(setting, addIdentity(identity), text))).toEqual(['error stanza 0 0']);
      },
    };
  }),
  ...MALFORMED.map(([what, spoil]): Case => {
    return {
      title: `asks nobody about a file with a stanza that has ${what}, but opens the others`,
      run: async (setting) => {
        const { RSA_2048 } = setting.world.keys;
        const before = setting.world.calls();
        const good = wrapped(RSA_2048, KEY);
        const bad = [good, X25519, spoil(good), good].map((each) => inFile(0, each));
        const identity = addIdentity(setting.world.anyIdentity);
        expect(errorsOf(await unwrap(setting, identity, ...bad))).toEqual(['error stanza 0 2']);
        expect(setting.world.calls()).toBe(before);
        const commands = await unwrap(setting, identity, ...bad, inFile(1, good));
        expect(errorsOf(commands)).toEqual(['error stanza 0 2', 'file-key 1']);
      },
    };
  }),
  {
    title: 'names every unusable identity by its index, and uses none',
    run: async (setting) => {
      const { RSA_2048 } = setting.world.keys;
      const before = setting.world.calls();
      const identities = [RSA_2048.identity, 'AGE-PLUGIN-ALIKMS-1QQ', RSA_2048.recipient, RSA_2048.identity];
      const text = inFile(0, wrapped(RSA_2048, KEY));
      const commands = await unwrap(setting, ...identities.map(addIdentity), text);
      expect(errorsOf(commands)).toEqual(['error identity 1', 'error identity 2']);
      expect(setting.world.calls()).toBe(before);
    },
  },
  ...(
    [
      ['no identity', (text) => [text]],
      ['an identity without text', (text, identity) => [identity, stanza('add-identity'), text]],
      ['an index that is no number', (text, identity) => [identity, text, inFile('x', X25519)]],
      ['an index with a leading zero', (text, identity) => [identity, text, inFile('01', X25519)]],
      ['a negative index', (text, identity) => [identity, inFile('-1', X25519), text]],
      ['indices that go down', (text, identity) => [identity, inFile(1, X25519), text]],
      ['a stanza without a type', (text, identity) => [identity, text, stanza('recipient-stanza', ['0'])]],
    ] as const satisfies [string, (text: string, identity: string) => string[]][]
  ).map(([what, texts]): Case => {
    return {
      title: `refuses an order with ${what}, and asks nobody`,
      run: async (setting) => {
        const { RSA_2048 } = setting.world.keys;
        const before = setting.world.calls();
        const commands = await unwrap(
          setting,
          ...texts(inFile(0, wrapped(RSA_2048, KEY)), addIdentity(RSA_2048.identity)),
        );
        expect(commands.map(({ type, args: [about] }) => `${type} ${about ?? ''}`)).toEqual([
          'error internal',
        ]);
        expect(setting.world.calls()).toBe(before);
      },
    };
  }),
  {
    title: 'finds its stanza among 10,000 in less than five seconds',
    run: async (setting) => {
      const others = Array.from({ length: 10_000 }, () => inFile(0, X25519)).join('');
      const { RSA_3072 } = setting.world.keys;
      const begin = performance.now();
      const texts = [addIdentity(RSA_3072.identity), others, inFile(0, wrapped(RSA_3072, KEY))];
      expect(await unwrap(setting, ...texts)).toEqual([fileKey(0)]);
      expect(performance.now() - begin).toBeLessThan(5000);
    },
  },
  {
    title: 'makes four calls for 10,000 stanzas of ours, and asks nobody when one of them is malformed',
    run: async (setting) => {
      const { denied, anyIdentity } = setting.world;
      const before = setting.world.calls();
      const many = inFile(0, wrapped(denied, KEY)).repeat(10_000);
      const bad = inFile(0, { args: ['alikms'], body: KEY });
      const identity = addIdentity(anyIdentity);
      expect(errorsOf(await unwrap(setting, identity, many))).toEqual(['error stanza 0 0']);
      expect(errorsOf(await unwrap(setting, identity, many, bad))).toEqual(['error stanza 0 10000']);
      expect(setting.world.calls()).toBe(before + 4);
    },
  },
  ...['fail', 'unsupported'].map((answer): Case => {
    return {
      title: `ends when the client answers "${answer}" to a file key`,
      run: async ({ start, world }) => {
        const client = new Client(start, 'identity-v1');
        const { RSA_2048 } = world.keys;
        client.say(addIdentity(RSA_2048.identity), inFile(0, wrapped(RSA_2048, KEY)), stanza('done'));
        await client.hear();
        client.say(stanza(answer));
        const { status, stderr } = await client.plugin.end;
        expect(status).toBe(3);
        expect(stderr).toBe(`age-plugin-alikms: error: the age client answered "${answer}" to "file-key"\n`);
      },
    };
  }),
];
