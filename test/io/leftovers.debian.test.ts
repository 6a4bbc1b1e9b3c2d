import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, readFileSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AtomicFile } from '../../src/io/atomic-file.js';
import { createOutput } from '../../src/io/output.js';
import { ownProcess } from '../../src/io/process-place.js';
import { processStdio } from '../../src/io/process-stdio.js';
import { isTemporary, temporaryPath } from '../../src/io/temporary-name.js';
import { workspace } from './workspace.js';

const DAY_S = 24 * 60 * 60;
const [PLACE = '', , START = ''] = ownProcess().split(':');

const file = (target: string) => new AtomicFile({ target, subject: '"out"', replace: true, mode: undefined });

/** A leftover of `out` by the given process. */
const leftover = (pid: number, start = START, place = PLACE, stem = 'out') =>
  `.${stem}.kms-asym-${place}p${pid}s${start}n1.tmp`;

/** A process that ended, and one that runs until the test ends. */
const endedPid = () => spawnSync(process.execPath, ['--version']).pid;
async function runningPid(): Promise<number> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill());
  await once(child, 'spawn');
  return child.pid ?? 0;
}

const startOf = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')[19];

describe('a temporary name', () => {
  it('is different each time, fits into a directory, and is recognised', () => {
    for (const name of ['out', 'é'.repeat(127), 'x'.repeat(255), '👋'.repeat(63)]) {
      const [one, other] = [temporaryPath(`/d/${name}`), temporaryPath(`/d/${name}`)];
      expect(one).not.toBe(other);
      expect(Buffer.byteLength(path.basename(one))).toBeLessThan(256);
      expect(isTemporary(path.basename(one))).toBe(true);
    }
  });

  it.each(['out', '.out.tmp', 'x.kms-asym-1.tmp', '.out.kms-asym-journal', '.out.kms-asym-A.tmp'])(
    'is not "%s"',
    (name) => {
      expect(isTemporary(name)).toBe(false);
    },
  );
});

describe('what a killed run left', () => {
  it('is removed by the next run on the same target, and nothing else is', async () => {
    const at = workspace();
    const running = await runningPid();
    const dead = [leftover(endedPid()), leftover(running, '12345'), leftover(process.pid, '1')];
    const others = [
      leftover(running, startOf(running)),
      leftover(process.pid),
      leftover(endedPid(), START, 'f'.repeat(16)),
      leftover(endedPid(), START, PLACE, 'other'),
      leftover(endedPid(), START, PLACE, 'out.old'),
      '.out.kms-asym-foreign.tmp',
      '.out.tmp',
      'out',
    ];
    for (const name of [...dead, ...others]) writeFileSync(at(name), '');
    symlinkSync(at('out'), at(leftover(endedPid())));
    const links = readdirSync(at('')).filter((name) => ![...dead, ...others].includes(name));
    const out = file(at('out'));
    expect(readdirSync(at('')).sort()).toEqual([...others, ...links, out.temporaryName].sort());
    out.abort();
  });

  it('after it gave the file its name is removed although the file stays', () => {
    const at = workspace();
    writeFileSync(at('out'), 'whole');
    linkSync(at('out'), at(leftover(endedPid())));
    const options = { path: at('out'), secret: true, force: false, kind: 'binary' } as const;
    const out = createOutput({ ...options, stdout: processStdio().stdout });
    expect(() => out.check()).toThrow('already exists');
    expect(readdirSync(at(''))).toEqual(['out']);
    expect(readFileSync(at('out'), 'utf8')).toBe('whole');
  });

  it('on another machine or in another container is removed after a week of silence', () => {
    const at = workspace();
    const foreign = 'f'.repeat(16);
    const names = [6, 8].map((days) => {
      const name = leftover(process.pid, String(days), foreign);
      writeFileSync(at(name), '');
      const then = Date.now() / 1000 - days * DAY_S;
      utimesSync(at(name), then, then);
      return name;
    });
    const out = file(at('out'));
    expect(readdirSync(at('')).sort()).toEqual([names[0], out.temporaryName].sort());
    out.abort();
  });

  it('is found once for a directory, however many files are written there', async () => {
    const at = workspace();
    for (const name of ['a', 'b']) writeFileSync(at(leftover(endedPid(), START, PLACE, name)), '');
    for (const name of ['a', 'b', 'c']) await file(at(name)).commit();
    expect(readdirSync(at('')).sort()).toEqual(['a', 'b', 'c']);
  });
});
