import { expect, it } from 'vitest';
import { newestVersion, onlyVersion } from '../../src/cli/key-version.js';
import { Terminal } from '../../src/cli/terminal.js';
import { KmsAsymError } from '../../src/errors.js';
import type { KmsClient } from '../../src/kms/client.js';
import { memoryStdio } from './memory-stdio.js';

const version = (n: number) => ({
  keyId: 'key-a',
  keyVersionId: `v${n}`,
  creationDate: `2026-01-0${n}T00:00:00Z`,
});

/** Versions as the client gives them: newest first. */
function withVersions(count: number): KmsClient {
  const versions = Array.from({ length: count }, (_, index) => version(count - index));
  return { listKeyVersions: () => Promise.resolve(versions) } as unknown as KmsClient;
}

function quietTerminal() {
  const stdio = memoryStdio();
  return { stdio, terminal: new Terminal(stdio, {}, { json: false, quiet: false, verbose: false }) };
}

it('takes the only version without a word', async () => {
  const { stdio, terminal } = quietTerminal();
  expect(await newestVersion(withVersions(1), 'key-a', terminal)).toBe('v1');
  expect(await onlyVersion(withVersions(1), 'key-a')).toBe('v1');
  expect(stdio.output('stderr').length).toBe(0);
});

it('names the newest of several when it takes it for encryption', async () => {
  const { stdio, terminal } = quietTerminal();
  expect(await newestVersion(withVersions(3), 'key-a', terminal)).toBe('v3');
  expect(stdio.output('stderr').toString()).toBe(
    'kms-asym: key "key-a" has 3 versions; using the newest, v3 (2026-01-03T00:00:00Z)\n',
  );
});

it('does not guess among several for decryption, but lists them', async () => {
  const error = await onlyVersion(withVersions(2), 'key-a').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KmsAsymError);
  expect(error).toMatchObject({
    code: 'usage',
    hints: [
      '--key-version-id v2 (created 2026-01-02T00:00:00Z)',
      '--key-version-id v1 (created 2026-01-01T00:00:00Z)',
      'the public key file names it: --public-key FILE',
    ],
  });
});

it('does not accept a key without versions', async () => {
  await expect(onlyVersion(withVersions(0), 'key-a')).rejects.toMatchObject({ code: 'invalid-response' });
});
