/**
 * The vendor's credential providers behind our interface: what they send leaves through our HTTP (deadlines, proxies,
 * authorities, a cap), and what they throw is never passed on nor kept as a cause, since their texts hold whole
 * configuration files and answers of token services.
 */

import type { CredentialsProvider } from '@alicloud/credentials';
import { aliyunVariable, isOn } from '../environment.js';
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
  processCommand?: unknown;
  getCredentialsInternal?: unknown;
  credentialUpdateCallback?: unknown;
}

/** What providers need of the world. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** Carries the requests of those that have to ask somebody. */
  readonly channel: HttpChannel;
}

/** The variables that name nobody. */
const NEUTRAL = [
  'ROLE_SESSION_NAME',
  'STS_REGION',
  'VPC_ENDPOINT_ENABLED',
  'ECS_METADATA_DISABLED',
  'IMDSV1_DISABLED',
];

/** Requests that are of another kind, by the vendor's names of their providers. */
const FETCH: Readonly<Record<string, FetchOptions>> = {
  // Next door where it exists, and nowhere else: a moment's patience is enough.
  ecs_ram_role: {
    deadlines: { connectTimeoutMs: 500, readTimeoutMs: 1000 },
    failFast: true,
    mayBePlain: true,
  },
  credential_uri: { mayBePlain: true },
};

/** Of the vendor's providers those that answer the same whenever they are asked. */
const LASTING: ReadonlySet<string> = new Set(['static_ak', 'static_sts']);

/** The provider that `build` makes, under the name `title`. Throws `credentials` where none can be made. */
export function vendorProvider(
  title: string,
  build: () => CredentialsProvider,
  surroundings: Surroundings,
): CredentialProvider {
  try {
    const vendor = withNobodyAround(surroundings.env, build);
    const isLasting = LASTING.has(vendor.getProviderName());
    return { title, isLasting, read: (signal) => read(title, vendor, surroundings, signal) };
  } catch (error) {
    throw explainProviderError(title, error);
  }
}

/**
 * The vendor's builders complete what they were not given from the environment of the process: an access key, a role, an
 * address. That would quietly act as somebody else, so meanwhile there is only what names nobody.
 */
function withNobodyAround<T>(env: NodeJS.ProcessEnv, build: () => T): T {
  const real = process.env;
  process.env = Object.fromEntries(
    NEUTRAL.map((name) => [`ALIBABA_CLOUD_${name}`, aliyunVariable(env, name)]),
  );
  try {
    return build();
  } finally {
    process.env = real;
  }
}

/** Throws where the environment forbids to ask the programs and addresses that profiles name, as the aliyun CLI does. */
export function requireExternal(env: NodeJS.ProcessEnv): void {
  if (isOn(env['ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS'])) throw new Error('external sources are off');
}

async function read(
  title: string,
  vendor: CredentialsProvider,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Credentials> {
  try {
    route(vendor, surroundings, signal);
    const { accessKeyId, accessKeySecret, securityToken } = await vendor.getCredentials();
    const provider = vendor.getProviderName();
    return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }), provider };
  } catch (error) {
    throw explainProviderError(title, error);
  }
}

/** Every provider keeps its way to the network in a member, for the vendor's own tests; so does one that runs a program. */
function route(vendor: CredentialsProvider, surroundings: Surroundings, signal: AbortSignal): void {
  const inside = vendor as Inside;
  if ('doRequest' in inside) {
    const fetch = tokenFetch(surroundings.channel, { ...FETCH[vendor.getProviderName()], signal });
    const body = bodyOf(inside);
    inside.doRequest = (request: TokenRequest) => fetch(request, body);
  }
  const { processCommand, credentialsProvider } = inside;
  if (typeof processCommand === 'string') {
    inside.credentialUpdateCallback = undefined;
    inside.getCredentialsInternal = async () => {
      requireExternal(surroundings.env);
      const { runProcessCommand } = await import('./process-command.js');
      return runProcessCommand(processCommand, surroundings.env, signal);
    };
  }
  if (typeof credentialsProvider === 'object' && credentialsProvider !== null) {
    route(credentialsProvider as CredentialsProvider, surroundings, signal);
  }
}

/** The provider for CloudSSO makes this body and then forgets to send it (credentials 2.4.7). */
function bodyOf({ accountId, accessConfig }: Inside): string | undefined {
  if (accountId === undefined || accessConfig === undefined) return undefined;
  return JSON.stringify({ AccountId: accountId, AccessConfigurationId: accessConfig });
}
