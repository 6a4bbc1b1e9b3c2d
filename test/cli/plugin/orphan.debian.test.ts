/** The built plugin after its client was killed, while it waits for a service that does not answer. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { KmsRecipient } from '../../../src/age/kms-stanza.js';
import { encodeStanza } from '../../../src/age/stanza.js';
import { publicKeyOf } from '../../age/identities.js';
import { workspace } from '../../io/workspace.js';
import { ACCESS, serve } from '../../kms/test-server.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'age-plugin-alikms.cjs');
const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-a', keyVersionId: 'v1' };

/** Everything up to the call that opens a file. */
function conversation(): string {
  const key = publicKeyOf(inject('fixtures'), 'rsa2048');
  const stanzas = new KmsRecipient(key, LOCATOR).wrap(Buffer.alloc(16));
  return [
    { type: 'add-identity', args: ['AGE-PLUGIN-ALIKMS-12RF9TT'], body: Buffer.alloc(0) },
    ...stanzas.map(({ type, args, body }) => ({
      type: 'recipient-stanza',
      args: ['0', type, ...args],
      body,
    })),
    { type: 'done', args: [], body: Buffer.alloc(0) },
  ]
    .map(encodeStanza)
    .join('');
}

it.each([
  ['waits for the service', conversation(), 1],
  ['reads', conversation().slice(0, -10), 0],
])('ends although its input stays open when it %s', async (_what, said, calls) => {
  const at = workspace();
  const server = await serve(() => undefined);
  execFileSync('mkfifo', [at('input')]);
  writeFileSync(at('conversation'), said);
  // The plugin holds its own input open, as other children of a client might.
  const line = `exec 3<> '${at('input')}'; cat '${at('conversation')}' >&3; "$0" "$1" --age-plugin=identity-v1 <&3 >/dev/null & echo $!; wait`;
  const client = spawn('bash', ['-c', line, process.execPath, EXECUTABLE], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOME: at('.'), KMS_ASYM_ENDPOINT: server.endpoint, ...ACCESS },
  });
  const [number] = (await once(client.stdout, 'data')) as [Buffer];
  const plugin = `/proc/${number.toString().trim()}/exe`;
  if (calls === 0) await setTimeout(500);
  await expect.poll(() => server.received.length, { timeout: 5000 }).toBe(calls);
  expect(existsSync(plugin)).toBe(true);
  client.kill('SIGKILL');
  await expect.poll(() => existsSync(plugin), { timeout: 5000 }).toBe(false);
});
