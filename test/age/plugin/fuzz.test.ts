/** Whole streams that no client would send, in any pieces: the plugin always ends, with a line at most. */
import fc from 'fast-check';
import { constants, publicEncrypt, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzLimits, tellFuzzed } from '../../fuzz/minutes.js';
import { stanza, type Machine } from './client.js';
import { executable, inProcess, type End, type Start } from './process.js';
import { createWorld, type World } from './world.js';

vi.setConfig({ testTimeout: FUZZ_TIMEOUT_MS });

const PLUGIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'age-plugin-alikms.cjs');
const MACHINES = ['recipient-v1', 'identity-v1'] as const satisfies Machine[];
/** Longest that a plugin may take for one stream. */
const PATIENCE_MS = 5000;
/** A stanza of ours that is worth a call, as a reader with a pencil finds it. */
const CALLABLE =
  /^-> recipient-stanza \d+ alikms RSAES_OAEP_SHA_(1|256) [\w+/]{43}( [\w-]+){3}\n(.{64}\n){5}.{22}\n/m;
const ALWAYS: { stderr: RegExp; status: number[] } = {
  stderr: /^(age-plugin-alikms: error: [^\n]+\n)?$/,
  status: [0, 3, 5],
};

let world: World;
let valid: Record<Machine, string>;
beforeAll(async () => {
  world = await createWorld();
  const { recipient, identity, keyId, keyVersionId, key } = world.keys.RSA_2048;
  const args = ['0', 'alikms', 'RSAES_OAEP_SHA_256', key.fingerprint, 'cn-hangzhou', keyId, keyVersionId];
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const body = publicEncrypt({ key: key.keyObject, padding, oaepHash: 'sha256' }, randomBytes(16));
  const grease = stanza('grease-7', ['x'], randomBytes(60));
  const order = [stanza('add-recipient', [recipient]), grease, stanza('wrap-file-key', [], randomBytes(16))];
  const file = [stanza('recipient-stanza', ['0', 'X25519', 'A'.repeat(43)], randomBytes(32)), grease];
  const wrapped = stanza('recipient-stanza', args, body);
  valid = {
    'recipient-v1': [...order, stanza('extension-labels'), stanza('done'), stanza('ok').repeat(2)].join(''),
    'identity-v1': [...file, stanza('add-identity', [identity]), wrapped, stanza('done'), stanza('ok')].join(
      '',
    ),
  };
});
afterAll(() => world.close());

let last: Promise<unknown> = Promise.resolve();
// Where the time is up, the run that was under way goes on, and its call would count as one of the next test.
afterEach(() => last);

type Heard = End & { readonly said: string };

/** The whole conversation, what the client says at once: answers too. */
function hear(start: Start, machine: Machine, pieces: readonly Buffer[]): Promise<Heard> {
  const heard = converse(start, machine, pieces);
  last = heard.catch(() => undefined);
  return heard;
}

async function converse(start: Start, machine: Machine, pieces: readonly Buffer[]): Promise<Heard> {
  const plugin = start(`--age-plugin=${machine}`);
  for (const piece of pieces) plugin.write(piece);
  plugin.closeStdin();
  let said = '';
  for (let data = await plugin.read(); data; data = await plugin.read()) said += data.toString('latin1');
  return { ...(await plugin.end), said };
}

/** Cuts where it is told to. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** Runs a stream, and holds the plugin to what it promises about any. */
async function expectEnd(start: Start, machine: Machine, pieces: readonly Buffer[]): Promise<void> {
  const before = world.calls();
  const { said, status, stderr } = await hear(start, machine, pieces);
  expect(ALWAYS.status).toContain(status);
  expect(stderr).toMatch(ALWAYS.stderr);
  expect(said).not.toMatch(/\n\s+at /);
  expect(stderr === '').toBe(status === 0);
  const isCallable = CALLABLE.test(Buffer.concat(pieces).toString('latin1'));
  if (machine === 'recipient-v1' || !isCallable) expect(world.calls()).toBe(before);
}

const machines = fc.constantFrom(...MACHINES);
const places = fc.array(fc.nat(3000), { maxLength: 6 });
const word = fc.constantFrom(
  ...['-> ', '->', ' ', '\n', '\n\n', '\r\n', 'done', 'ok', 'add-recipient', 'add-identity', 'wrap-file-key'],
  ...['recipient-stanza', '0', '1', 'alikms', 'X25519', 'extension-labels', 'AAAAAAAAAAAAAAAAAAAAAA', 'A'],
  ...['age1alikms1', 'AGE-PLUGIN-ALIKMS-12RF9TT', '-> done\n\n', 'A'.repeat(64), '\0', '\xff', '__proto__'],
);
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.array(word, { maxLength: 40 }).map((words) => Buffer.from(words.join(''), 'latin1')),
);
/** Bytes taken out and put in, at any place. */
const damage = fc.record({ at: fc.nat(3000), taken: fc.nat(80), put: noise });

function damaged(text: string, damages: readonly { at: number; taken: number; put: Buffer }[]): Buffer {
  return damages.reduce(
    (bytes, { at, taken, put }) => {
      const start = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + taken)]);
    },
    Buffer.from(text, 'latin1'),
  );
}

describe.each<[string, () => Start, number]>([
  ['in this process', () => inProcess(world.env), 300],
  ['as an executable', () => executable(process.execPath, [PLUGIN], world.env), 20],
])('the plugin, %s,', (where, make, numRuns) => {
  const limits = { ...fuzzLimits(numRuns), timeout: PATIENCE_MS };
  let heard = 0;
  afterAll(() => {
    tellFuzzed(`the plugin, ${where}: ${heard} conversations`);
  });
  const begin: Start = (...argv) => {
    heard += 1;
    return make()(...argv);
  };

  it('hears the same in whatever pieces it comes', async () => {
    const property = fc.asyncProperty(machines, places, async (machine, ends) => {
      const { said, status, stderr } = await hear(begin, machine, cut(Buffer.from(valid[machine]), ends));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(said.match(/^-> \S+/gm)).toEqual(
        machine === 'identity-v1'
          ? ['-> file-key', '-> done']
          : ['-> labels', '-> recipient-stanza', '-> done'],
      );
    });
    await fc.assert(property, { ...limits, ...fuzzLimits(Math.ceil(numRuns / 4)) });
  });

  it('ends after noise, and asks nobody', async () => {
    const property = fc.asyncProperty(machines, noise, places, (machine, bytes, ends) =>
      expectEnd(begin, machine, cut(bytes, ends)),
    );
    await fc.assert(property, limits);
  });

  it('ends after a damaged conversation, and asks nobody unless a whole stanza is left', async () => {
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(machines, damages, places, (machine, list, ends) =>
      expectEnd(begin, machine, cut(damaged(valid[machine], list), ends)),
    );
    await fc.assert(property, limits);
  });
});
