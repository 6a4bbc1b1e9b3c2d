/**
 * The KMS client on the vendor's SDK: request and response models of `@alicloud/kms20160120`, credentials and
 * signatures of the OpenAPI core, sent through the transport of this folder. Base64 and paging end here.
 *
 * Loading this file loads the SDK: commands import it inside the function that needs it.
 */

import { VERSION } from '../version.js';
import { aliasActions } from './alias-actions.js';
import { asymmetricActions } from './asymmetric-actions.js';
import { callThrough } from './call.js';
import type { KmsClient, KmsClientOptions } from './client.js';
import { CredentialChain } from './credentials/chain.js';
import { resolveEndpoint } from './endpoint.js';
import { HttpChannel } from './http.js';
import { keyActions } from './key-actions.js';
import type { RetryOptions } from './retry.js';
import { KmsTransport } from './transport.js';
import { versionActions } from './version-actions.js';

/** What a client takes besides its options: cancellation, and a clock and dice for tests. */
export type ClientHooks = Pick<RetryOptions, 'signal' | 'sleep' | 'random'>;

/**
 * A client for the service at the endpoint or region of `options`. Nothing is sent and no credentials are looked for yet.
 * Throws `configuration` for a malformed endpoint, region, proxy or authority file.
 */
export async function createSdkClient(
  options: KmsClientOptions,
  hooks: ClientHooks = {},
): Promise<KmsClient> {
  const endpoint = resolveEndpoint(options);
  const channel = new HttpChannel(options);
  await channel.route(new URL(endpoint.origin));
  const credentials = new CredentialChain({ ...options, env: channel.env }, channel);
  const transport = new KmsTransport({ endpoint, credentials, channel, userAgent: `kms-asym/${VERSION}` });
  const call = callThrough(transport, { ...options, ...hooks });
  return {
    ...keyActions(call),
    ...versionActions(call),
    ...asymmetricActions(call),
    ...aliasActions(call),
    close: () => {
      channel.close();
    },
  };
}
