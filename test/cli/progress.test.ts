/** Progress as it is drawn; time is turned by hand, and what goes to stderr is caught. */
import 'cli-progress';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { counted, startFileProgress, startProgress } from '../../src/cli/progress.js';
import { Terminal } from '../../src/cli/terminal.js';
import { memoryStdio, type StreamName } from './memory-stdio.js';

const MIB = 1024 * 1024;
const { isTTY, columns } = process.stderr;
let shown = '';

beforeEach(() => {
  shown = '';
  vi.useFakeTimers();
  Object.assign(process.stderr, { isTTY: true, columns: 100 });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Object.assign(process.stderr, { isTTY, columns });
});

function contextOf(flags: { quiet?: boolean; json?: boolean } = {}, terminals: StreamName[] = ['stderr']) {
  const stdio = memoryStdio(Buffer.alloc(0), terminals);
  const verbosity = { quiet: false, json: false, verbose: false, ...flags };
  const terminal = new Terminal(stdio, {}, verbosity);
  const context: Context = {
    stdio,
    env: {},
    terminal,
    argv: [],
    exitStatus: 0,
    interceptSignals: () => () => undefined,
  };
  return { context, terminal };
}

/** Lets time pass, and what it set going come to an end. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 20; turn += 1) await vi.advanceTimersByTimeAsync(1);
}

describe('after two seconds', () => {
  it('a size that is known is counted down', async () => {
    const { context, terminal } = contextOf();
    const progress = startProgress(context, 4 * MIB);
    progress.add(MIB);
    await pass(1900);
    expect(shown).toBe('');
    await pass(200);
    expect(shown).toMatch(/25% {2}1\.0 MiB of 4\.0 MiB {2}0\.\d MiB\/s {2}[67]s left/);
    progress.add(2 * MIB);
    await pass(1000);
    expect(shown).toMatch(/75% {2}3\.0 MiB of 4\.0 MiB {2}\S+ MiB\/s {2}[12]s left/);
    progress.end();
    expect(terminal.live).toBeUndefined();
  });

  it.each([
    [undefined, 5 * MIB, '5.0 MiB'],
    [0, 1536 * MIB, '1.50 GiB'],
  ])('a size that is %s is no share of anything', async (size, bytes, text) => {
    const progress = startProgress(contextOf().context, size);
    progress.add(bytes);
    await pass(2500);
    expect(shown).toContain(text);
    expect(shown).not.toMatch(/%|left/);
    progress.end();
  });

  it.each([
    [MIB, 30 * MIB, '58s left'],
    [MIB, 31 * MIB, '1m 00s left'],
    [MIB, 1700 * MIB, '56m 38s left'],
    [MIB, 1801 * MIB, '1h 00m left'],
    [1, 2 ** 40, '? left'],
    [0, MIB, '? left'],
  ])('%i of %i bytes leave time in units for people', async (done, size, text) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance', 'hrtime'] });
    const progress = startProgress(contextOf().context, size);
    progress.add(done);
    await vi.advanceTimersByTimeAsync(2000);
    for (let turn = 0; turn < 20; turn += 1) await vi.advanceTimersByTimeAsync(0);
    expect(shown).toContain(text);
    progress.end();
  });

  it('files are counted, and the bytes of all of them are the rate', async () => {
    const progress = startFileProgress(contextOf().context, 4);
    progress.bytes.add(4 * MIB);
    progress.next();
    await pass(2000);
    progress.bytes.end();
    expect(shown).toMatch(/25% {2}1 of 4 files {2}[12]\.\d MiB\/s/);
    progress.end();
  });

  it('messages get out of its way and it comes back below them', async () => {
    const { context, terminal } = contextOf();
    const progress = startProgress(context, 4 * MIB);
    await pass(2000);
    shown = '';
    await terminal.note('something happened');
    expect(shown).toContain('0%  0.0 MiB of 4.0 MiB');
    const { live } = terminal;
    progress.end();
    shown = '';
    live?.show();
    await pass(1000);
    expect(shown).toBe('');
  });
});

describe('nothing is shown', () => {
  it.each([
    ['with --quiet', contextOf({ quiet: true })],
    ['with --json', contextOf({ json: true })],
    ['where stderr is no terminal', contextOf({}, [])],
  ])('%s', async (_when, { context }) => {
    const bytes = startProgress(context, MIB);
    const files = startFileProgress(context, 2);
    bytes.add(1);
    files.bytes.add(1);
    files.next();
    await pass(3000);
    bytes.end();
    files.end();
    expect(shown).toBe('');
  });

  it('of what ends before that', async () => {
    const progress = startProgress(contextOf().context, MIB);
    await pass(1900);
    progress.end();
    await pass(3000);
    expect(shown).toBe('');
  });

  it('of what ends while the bar is being loaded', async () => {
    const { context, terminal } = contextOf();
    const progress = startProgress(context, MIB);
    vi.advanceTimersByTime(2000);
    progress.end();
    await pass(3000);
    expect(shown).toBe('');
    expect(terminal.live).toBeUndefined();
  });
});

describe('a stream that is counted', () => {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('one'));
    yield Buffer.from('three');
  };

  it('is passed on as it is', async () => {
    const lengths: number[] = [];
    const text: string[] = [];
    for await (const piece of counted(pieces(), (length) => lengths.push(length))) {
      text.push(Buffer.from(piece).toString());
    }
    expect({ lengths, text }).toEqual({ lengths: [3, 5], text: ['one', 'three'] });
  });

  it.each([true, false])(
    'can be left before its end, where it can be told so (%s) or not',
    async (isTold) => {
      const stream = pieces();
      const close = vi.spyOn(stream, 'return');
      const source = isTold ? stream : { [Symbol.asyncIterator]: () => ({ next: () => stream.next() }) };
      let seen = 0;
      for await (const piece of counted(source, (length) => (seen += length))) {
        expect(piece).toHaveLength(3);
        break;
      }
      expect(seen).toBe(3);
      expect(close).toHaveBeenCalledTimes(isTold ? 1 : 0);
    },
  );
});
