import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openInput } from '../../src/io/input.js';
import { createOutput, type OutputOptions } from '../../src/io/output.js';
import { processStdio } from '../../src/io/process-stdio.js';
import { workspace } from './workspace.js';

const { stdin, stdout } = processStdio();

const output = (path: string, options: Partial<OutputOptions> = {}) =>
  createOutput({ path, stdout, secret: false, force: false, kind: 'binary', ...options });

const failure = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;

describe('a symbolic link', () => {
  const links = () => {
    const at = workspace();
    writeFileSync(at('real'), 'old');
    for (const [to, name] of [
      ['real', 'soft'],
      ['soft', 'softer'],
      ['nowhere', 'dangling'],
      ['missing/out', 'astray'],
      ['circle', 'circle'],
      ['/dev/null', 'device'],
    ] as const)
      symlinkSync(to, at(name));
    return at;
  };

  it.each(['soft', 'softer', 'dangling', 'astray', 'circle', 'device'])(
    'is not written through: "%s"',
    (name) => {
      const at = links();
      expect(() => output(at(name)).check()).toThrow(failure('file-exists', 'is a symbolic link'));
    },
  );

  it.each([
    ['soft', 'real'],
    ['softer', 'real'],
    ['dangling', 'nowhere'],
  ])('stays with force, and what it leads to is replaced: "%s"', async (name, real) => {
    const at = links();
    const before = readlinkSync(at(name));
    const out = output(at(name), { force: true });
    await out.write(Buffer.from('new'));
    await out.commit();
    expect(readFileSync(at(real), 'utf8')).toBe('new');
    expect(readlinkSync(at(name))).toBe(before);
  });

  it('to a device leads to the device, with force', async () => {
    const at = links();
    await output(at('device'), { force: true }).commit();
    expect(readlinkSync(at('device'))).toBe('/dev/null');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('that leads nowhere is refused even with force', () => {
    const at = links();
    expect(() => output(at('circle'), { force: true }).check()).toThrow(failure('write-failed', 'circle'));
    expect(() => output(at('astray'), { force: true }).check()).toThrow(failure('file-not-found', 'astray'));
  });

  it('does not hide that the output is the input', () => {
    const at = links();
    for (const [from, to] of [
      ['real', 'softer'],
      ['soft', 'real'],
    ] as const) {
      const input = openInput(at(from), stdin);
      expect(() => output(at(to), { force: true, input }).check()).toThrow(failure('same-file', to));
      input.close();
    }
    const circular = openInput(at('real'), stdin);
    expect(() => output(at('circle'), { force: true, input: circular }).check()).toThrow(
      failure('write-failed'),
    );
    circular.close();
  });

  it('to a directory serves as a part of the path', async () => {
    const at = workspace();
    mkdirSync(at('dir'));
    symlinkSync('dir', at('soft'));
    await output(at('soft/out')).commit();
    expect(readFileSync(at('dir/out'), 'utf8')).toBe('');
    expect(() => output(at('soft'), { force: true }).check()).toThrow(
      failure('write-failed', 'is a directory'),
    );
  });
});

describe('the mode of a file that replaces another', () => {
  it.each([
    [0o600, false, 0o600],
    [0o640, false, 0o640],
    [0o666, false, 0o666],
    [0o444, false, 0o444],
    [0o644, true, 0o600],
    [0o400, true, 0o600],
  ])('was %o, secret %s: becomes %o', async (before, secret, after) => {
    const at = workspace();
    writeFileSync(at('out'), 'old');
    chmodSync(at('out'), before);
    const out = output(at('out'), { force: true, secret });
    await out.write(Buffer.from('new'));
    await out.commit();
    expect(statSync(at('out')).mode & 0o7777).toBe(after);
  });
});
