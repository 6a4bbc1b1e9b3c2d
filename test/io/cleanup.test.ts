/** What a signal does to this process, up to the point where it would end it. */
import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { interceptSignals, keepHandlers, removeOnExit } from '../../src/io/cleanup.js';
import { workspace } from './workspace.js';

const { platform } = process;
const ended: string[] = [];
const listenersOf = (signal: NodeJS.Signals): NodeJS.SignalsListener[] => process.listeners(signal);
let before: NodeJS.SignalsListener[] = [];

beforeEach(() => {
  ended.length = 0;
  before = listenersOf('SIGTERM');
  vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    ended.push(`kill ${pid === process.pid ? 'self' : pid} ${String(signal)}`);
    return true;
  });
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    ended.push(`exit ${String(code)}`);
    return undefined as never;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  Object.defineProperty(process, 'platform', { value: platform });
});

/** Lets the handlers that this program has set up have a signal. */
function raise(signal: NodeJS.Signals): void {
  for (const listener of listenersOf(signal)) if (!before.includes(listener)) listener(signal);
}

describe('a signal', () => {
  it.each([
    ['linux', ['kill self SIGTERM', 'exit 143']],
    // Signals end nothing there.
    ['win32', ['exit 143']],
  ])('takes temporary files along and then does what it would have done: %s', (system, end) => {
    Object.defineProperty(process, 'platform', { value: system });
    const file = workspace()('half-written');
    writeFileSync(file, 'x');
    const release = removeOnExit(file);
    raise('SIGTERM');
    expect(existsSync(file)).toBe(false);
    expect(ended).toEqual(end);
    expect(listenersOf('SIGTERM')).toEqual(before);
    release();
  });

  it('goes to the latest listener, and temporary files stay for it to finish', () => {
    const file = workspace()('half-written');
    writeFileSync(file, 'x');
    const heard: string[] = [];
    const release = removeOnExit(file);
    const quiet = interceptSignals(() => heard.push('first'));
    const loud = interceptSignals((signal) => heard.push(signal));
    raise('SIGTERM');
    loud();
    loud();
    raise('SIGTERM');
    quiet();
    release();
    expect(heard).toEqual(['SIGTERM', 'first']);
    expect(existsSync(file)).toBe(true);
    expect(ended).toEqual([]);
  });

  it('finds its handler all along a run over many files, and ends it like any other', () => {
    const release = [keepHandlers(), keepHandlers()];
    const [standing] = listenersOf('SIGTERM').slice(before.length);
    for (let n = 0; n < 3; n += 1) removeOnExit(workspace()('never-made'))();
    release[0]?.();
    expect(listenersOf('SIGTERM')).toEqual([...before, standing]);
    raise('SIGTERM');
    expect(ended).toEqual(['kill self SIGTERM', 'exit 143']);
    release[1]?.();
    expect(listenersOf('SIGTERM')).toEqual(before);
  });

  it('is not waited for when there is nothing to remove and nobody listens', () => {
    const release = removeOnExit(workspace()('never-made'));
    expect(listenersOf('SIGTERM')).toHaveLength(before.length + 1);
    release();
    expect(listenersOf('SIGTERM')).toEqual(before);
  });
});
