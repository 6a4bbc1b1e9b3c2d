/**
 * The vendor's credential providers behind our interface: what they send leaves through our HTTP (deadlines, proxies,
 * authorities, a cap), and what they throw is never passed on nor kept as a cause, since their texts hold whole
 * configuration files and answers of token services.
 */

import type { CredentialsProvider } from '@alicloud/credentials';
import type { HttpChannel } from '../http.js';
import type { CredentialProvider, Credentials } from './credentials.js';
import { explainProviderError } from './provider-error.js';
import { type FetchOptions, type TokenRequest, tokenFetch } from './token-fetch.js';

/** The members of the vendor's providers that we set or look into; not all have all of them. */
interface Inside {
  doRequest?: unknown;
  credentialsProvider?: unknown;
  accountId?: unknown;
  accessConfig?: unknown;
}

/** Provider `vendor` under the name `title`; `channel` carries its requests. */
export function vendorProvider(
  title: string,
  vendor: CredentialsProvider,
  channel: HttpChannel,
  options: FetchOptions = {},
): CredentialProvider {
  route(vendor, channel, options);
  return { title, read: () => read(title, vendor) };
}

async function read(title: string, vendor: CredentialsProvider): Promise<Credentials> {
  try {
    const { accessKeyId, accessKeySecret, securityToken } = await vendor.getCredentials();
    const provider = vendor.getProviderName();
    return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }), provider };
  } catch (error) {
    throw explainProviderError(title, error);
  }
}

/** Every provider keeps its way to the network in a member, for the vendor's own tests. */
function route(vendor: object, channel: HttpChannel, options: FetchOptions): void {
  const inside = vendor as Inside;
  if ('doRequest' in inside) {
    const fetch = tokenFetch(channel, options);
    const body = bodyOf(inside);
    inside.doRequest = (request: TokenRequest) => fetch(request, body);
  }
  if (typeof inside.credentialsProvider === 'object' && inside.credentialsProvider !== null) {
    route(inside.credentialsProvider, channel, options);
  }
}

/** The provider for CloudSSO makes this body and then forgets to send it (credentials 2.4.7). */
function bodyOf({ accountId, accessConfig }: Inside): string | undefined {
  if (accountId === undefined || accessConfig === undefined) return undefined;
  return JSON.stringify({ AccountId: accountId, AccessConfigurationId: accessConfig });
}
