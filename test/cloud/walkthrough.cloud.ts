/**
 * The walkthrough against the real service. Opt-in: `npm run test:cloud` with credentials of the vendor's chain,
 * ALIBABA_CLOUD_REGION_ID, and KMS_ASYM_TEST_INSTANCE_ID where the account needs keys to live in a KMS instance.
 *
 * It creates one RSA_2048 key, which the service bills until it is gone, and schedules its deletion for seven days
 * later, the shortest there is.
 */
import { expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { CredentialChain } from '../../src/kms/credentials/chain.js';
import { resolveEndpoint } from '../../src/kms/endpoint.js';
import { HttpChannel } from '../../src/kms/http.js';
import { KmsTransport } from '../../src/kms/transport.js';
import { memoryStdio } from '../cli/memory-stdio.js';

const region = process.env['ALIBABA_CLOUD_REGION_ID'] ?? 'cn-hangzhou';
const instanceId = process.env['KMS_ASYM_TEST_INSTANCE_ID'];

async function run(argv: string[], stdin: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
  const stdio = memoryStdio(stdin);
  const status = await main([...argv, '--region', region], {
    stdio,
    env: process.env,
    interceptSignals: () => () => undefined,
  });
  expect(status, stdio.output('stderr').toString()).toBe(0);
  return stdio.output('stdout');
}

async function scheduleDeletion(keyId: string): Promise<void> {
  const { env } = process;
  const channel = new HttpChannel({ connectTimeoutMs: 10_000, readTimeoutMs: 30_000, env });
  const credentials = new CredentialChain({ env }, channel);
  const endpoint = resolveEndpoint({ region });
  const transport = new KmsTransport({ endpoint, credentials, channel, userAgent: 'kms-asym/test' });
  await transport.invoke('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: '7' });
  channel.close();
}

it('creates a key, encrypts locally, and the service decrypts', async () => {
  const instance = instanceId === undefined ? [] : ['--instance-id', instanceId];
  const keyId = (await run(['create-key', '-q', '--description', 'kms-asym test', ...instance]))
    .toString()
    .trim();
  try {
    const plaintext = Buffer.from('this is plaintext');
    const ciphertext = await run(['encrypt', '--key-id', keyId], plaintext);
    expect(await run(['decrypt', '--key-id', keyId], ciphertext)).toEqual(plaintext);
  } finally {
    await scheduleDeletion(keyId);
  }
});
