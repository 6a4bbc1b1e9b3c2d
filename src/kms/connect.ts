/** The way to a client that does not load the SDK before one is wanted. */
import type { KmsClient, KmsClientOptions } from './client.js';

/**
 * A client for the service at the endpoint or region of `options`. Nothing is sent and no credentials are looked for
 * yet. Rejects with `configuration` for a malformed endpoint, region, proxy or authority file.
 */
export async function createKmsClient(options: KmsClientOptions): Promise<KmsClient> {
  const { createSdkClient } = await import('./sdk-client.js');
  return createSdkClient(options);
}
