/** Our own client, as it behaves towards an emulator that makes trouble. */
import type { Emulator } from '../../../src/emulator/options.js';
import type { KmsClient, KmsClientOptions } from '../../../src/kms/client.js';
import { clientOf } from '../../kms/test-server.js';

/** A client that tries again often, after no longer than it is told to wait. */
export function patientClient(
  emulator: Emulator,
  options: Partial<KmsClientOptions> = {},
): Promise<KmsClient> {
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
  };
  const settings = { env, readTimeoutMs: 10_000, retryCount: 20, ...options };
  return clientOf(emulator.endpoint, settings, { random: () => 0 });
}

/** What a key for decryption is made of. */
export const KEY_INPUT = {
  keySpec: 'RSA_2048',
  keyUsage: 'ENCRYPT/DECRYPT',
  protectionLevel: 'SOFTWARE',
  origin: 'Aliyun_KMS',
};
