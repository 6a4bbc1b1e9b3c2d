import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { writeCaFile } from '../../src/cli/ca-file.js';
import { workspace } from '../io/workspace.js';

afterEach(() => vi.unstubAllEnvs());

/** Where temporary files go, on every system. */
function stubTemporary(folder: string): void {
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder);
}

it('a file of its own for every emulator, until it is removed', () => {
  stubTemporary(dirname(workspace()('x')));
  const [first, second] = [writeCaFile('first'), writeCaFile('second')];
  expect([first, second].map(({ path }) => readFileSync(path, 'utf8'))).toEqual(['first', 'second']);
  first.remove();
  first.remove();
  expect([first, second].map(({ path }) => existsSync(path))).toEqual([false, true]);
  second.remove();
});

it('says where it could not be written', () => {
  const folder = workspace()('missing');
  stubTemporary(folder);
  expect(() => writeCaFile('x')).toThrow(
    expect.objectContaining({
      code: 'write-failed',
      message: expect.stringMatching(/kms-asym-emulator-[0-9a-f]{16}\.pem": it does not exist$/) as string,
    }) as Error,
  );
});
