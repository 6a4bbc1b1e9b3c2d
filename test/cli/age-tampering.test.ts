/** What `decrypt` does with age files that were damaged or made by an attacker: the outcomes that people see. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CHUNK_BYTES, NONCE_BYTES, SEALED_CHUNK_BYTES } from '../../src/age/chunk.js';
import { encodeStanza, type Stanza } from '../../src/age/stanza.js';
import { HeaderParser, type Header } from '../../src/age/header.js';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import { startEmulator } from '../../src/emulator/start.js';
import { withFlippedBit } from '../flipped-bit.js';
import { workspace } from '../io/workspace.js';
import { memoryStdio } from './memory-stdio.js';

const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
const plaintext = randomBytes(3 * CHUNK_BYTES + 1000);

interface Ran {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

async function run(
  args: string[],
  stdin: Uint8Array = Buffer.alloc(0),
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const stdio = memoryStdio(stdin);
  const status = await main(args, { stdio, env, interceptSignals: () => () => undefined });
  return { status, stdout: stdio.output('stdout'), stderr: stdio.output('stderr').toString() };
}

describe('a damaged file', () => {
  let at: (name: string) => string;
  let file: Buffer;
  let payload: number;

  beforeEach(async () => {
    at = workspace();
    writeFileSync(at('identity'), IDENTITY);
    file = (await run(['encrypt', '-r', RECIPIENT], plaintext)).stdout;
    payload = file.indexOf('\n--- ') + 49;
    expect((await run(['decrypt', '-i', at('identity')], file)).stdout.equals(plaintext)).toBe(true);
  });

  /** To stdout only whole authentic chunks come, to a file nothing at all; both end with status 3. */
  async function expectRefused(changed: Uint8Array): Promise<void> {
    const piped = await run(['decrypt', '-i', at('identity')], changed);
    expect(piped.status).toBe(3);
    expect(piped.stdout.equals(plaintext.subarray(0, piped.stdout.length))).toBe(true);
    expect(piped.stdout.length % CHUNK_BYTES === 0 || piped.stdout.length === plaintext.length).toBe(true);
    expect(piped.stderr.includes('discard what was written to stdout')).toBe(piped.stdout.length > 0);
    const filed = await run(['decrypt', '-i', at('identity'), '-o', at('out')], changed);
    expect(filed.status).toBe(3);
    expect(readdirSync(at('.'))).toEqual(['identity']);
  }

  it(
    'cut off at every chunk boundary and at 1,000 other places is refused',
    { timeout: 120_000 },
    async () => {
      const boundaries = [0, 1, 2, 3].map((chunk) => payload + NONCE_BYTES + chunk * SEALED_CHUNK_BYTES);
      const others = Array.from({ length: 1000 }, () => Math.floor(Math.random() * file.length));
      for (const end of [...boundaries.flatMap((place) => [place - 1, place, place + 1]), ...others]) {
        // Without a byte there is no age file to begin with.
        if (end > 24) await expectRefused(file.subarray(0, end));
      }
    },
  );

  it('extended or reordered is refused', async () => {
    const start = payload + NONCE_BYTES;
    const chunk = (place: number): Buffer =>
      file.subarray(start + place * SEALED_CHUNK_BYTES, start + (place + 1) * SEALED_CHUNK_BYTES);
    for (const places of [[1, 0, 2, 3], [0, 1, 3], [0, 0, 1, 2, 3], [3], [0, 1, 2, 3, 3]]) {
      await expectRefused(Buffer.concat([file.subarray(0, start), ...places.map(chunk)]));
    }
    for (const length of [1, 16, CHUNK_BYTES])
      await expectRefused(Buffer.concat([file, randomBytes(length)]));
    await expectRefused(Buffer.concat([file, file]));
  });

  it('with a flipped bit anywhere is refused', { timeout: 120_000 }, async () => {
    const bits = Array.from({ length: 500 }, () => Math.floor(Math.random() * file.length * 8));
    const head = Array.from({ length: 400 }, (_, index) => index * 3);
    for (const bit of [...head, ...bits]) await expectRefused(withFlippedBit(file, bit));
  });
});

describe('a hostile header', () => {
  async function service() {
    const calls: string[] = [];
    const emulator = await startEmulator({
      hsm: 'software',
      onRequest: ({ action }) => calls.push(action ?? ''),
    });
    onTestFinished(() => emulator.close());
    const env = emulatorEnvironment(emulator, { PATH: process.env['PATH'] });
    const outer = process.env;
    process.env = env;
    onTestFinished(() => {
      process.env = outer;
    });
    const key = (await run(['create-key', '-q'], Buffer.alloc(0), env)).stdout.toString().trim();
    const sealed = await run(['encrypt', '--key-id', key, '--format', 'age'], Buffer.from('secret'), env);
    calls.length = 0;
    return { env, calls, file: sealed.stdout };
  }

  const headerOf = (file: Uint8Array): Header => {
    const header = new HeaderParser().push(file);
    if (!header) throw new Error('no header');
    return header;
  };
  const text = (stanzas: readonly Stanza[]): Buffer =>
    Buffer.from(`age-encryption.org/v1\n${stanzas.map(encodeStanza).join('')}--- ${'A'.repeat(43)}\n`);
  const times = (count: number, stanza: Stanza): Stanza[] => Array.from({ length: count }, () => stanza);

  it.each<[string, number, (stanza: Stanza) => Buffer]>([
    ['10 MB', 0, () => Buffer.from(`age-encryption.org/v1\n-> a\n${`${'A'.repeat(64)}\n`.repeat(160_000)}`)],
    ['10,000 stanzas', 0, (stanza) => text(times(10_000, stanza))],
    [
      '64 stanzas of a key that opens none of them',
      4,
      (stanza) => text(times(64, { ...stanza, body: Buffer.alloc(256, 1) })),
    ],
    ['a wrong MAC', 1, (stanza) => text([stanza])],
    ['one argument', 0, (stanza) => text([{ ...stanza, args: ['RSAES_OAEP_SHA_256'] }])],
    [
      'a host as region',
      0,
      (stanza) =>
        text([{ ...stanza, args: [...stanza.args.slice(0, 2), 'evil.example/', ...stanza.args.slice(3)] }]),
    ],
    [
      'a key id that is a path',
      0,
      (stanza) => text([{ ...stanza, args: [...stanza.args.slice(0, 3), '../../x', 'v'] }]),
    ],
  ])('with %s makes %i calls and is answered within a second', async (_what, expected, make) => {
    const { env, calls, file } = await service();
    const [stanza] = headerOf(file).stanzas;
    if (!stanza) throw new Error('no stanza');
    const begin = performance.now();
    const { status, stdout, stderr } = await run(['decrypt'], make(stanza), env);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(calls.length).toBe(expected);
    expect(status).toBe(3);
    expect(stdout.length).toBe(0);
    expect(stderr).toMatch(/^kms-asym: error: /);
    expect(stderr.length).toBeLessThan(4000);
  });

  it('with a flipped bit anywhere ends with 3, also in the ids of the key', { timeout: 60_000 }, async () => {
    const { env, file } = await service();
    const names = file.indexOf('cn-hangzhou') + 'cn-hangzhou'.length;
    const end = file.indexOf('\n--- ') + 48;
    for (let bit = 0; bit < 8 * end; bit += bit >> 3 >= names && bit >> 3 < names + 80 ? 1 : 7) {
      const { status, stdout, stderr } = await run(['decrypt'], withFlippedBit(file, bit), env);
      expect({ bit, status, stderr }).toMatchObject({ status: 3 });
      expect(stdout.length).toBe(0);
    }
  });

  it('with a flipped bit in its region is refused without a call where the region says where to call', async () => {
    const { env, calls, file } = await service();
    const { KMS_ASYM_ENDPOINT: _endpoint, ...rest } = env;
    const region = file.indexOf('cn-hangzhou');
    for (let bit = 8 * region; bit < 8 * (region + 'cn-hangzhou'.length); bit++) {
      const { status, stdout, stderr } = await run(['decrypt'], withFlippedBit(file, bit), rest);
      expect({ bit, status, stderr }).toMatchObject({ status: 3 });
      expect(stdout.length).toBe(0);
    }
    expect(calls).toEqual([]);
  });

  it('does not reach a region that is not known', async () => {
    const at = workspace();
    const { env, calls, file } = await service();
    const [stanza] = headerOf(file).stanzas;
    if (!stanza) throw new Error('no stanza');
    const { KMS_ASYM_ENDPOINT: _endpoint, ...rest } = env;
    const args = [...stanza.args.slice(0, 2), 'xx-nowhere-1', ...stanza.args.slice(3)];
    writeFileSync(at('file'), text([{ ...stanza, args }]));
    const { status, stderr } = await run(['decrypt', at('file'), '-o', at('out')], Buffer.alloc(0), rest);
    expect(status).toBe(3);
    expect(stderr).toContain('names an unknown region "xx-nowhere-1"');
    expect(calls).toEqual([]);
    expect(existsSync(at('out'))).toBe(false);
    expect(readFileSync(at('file')).length).toBeGreaterThan(0);
  });
});
