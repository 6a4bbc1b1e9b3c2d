/** Checks of the way to the service: settings, connection, clock, credentials, and whether the service takes them. */
import { KmsAsymError } from '../../errors.js';
import { resolveEndpoint } from '../../kms/endpoint.js';
import type { Probe } from '../../kms/probe.js';
import { chooseKeySource } from '../key-source.js';
import { chooseRegion, clientOptions, fromEnv, retryNotice } from '../settings.js';
import { isDenied, isUnavailable, type Check, type Examination } from './examination.js';

/** What the service allows a request's time to be off. */
const MAX_SKEW_MS = 15 * 60_000;

const always = (): undefined => undefined;

/** Flags, environment, profile and files fit together and name a place. */
const settings: Check = {
  name: 'settings',
  blocked: always,
  run: (examination) => {
    const { options, context } = examination;
    if (isKeyNamed(examination)) adoptKey(examination);
    const region = chooseRegion(options, context.env, examination.file?.region);
    const onRetry = retryNotice(context.terminal, options);
    const client = { ...clientOptions(options, context.env, region), onRetry };
    const { origin } = resolveEndpoint(client);
    examination.client = client;
    return Promise.resolve(`${region === undefined ? 'no region' : `region ${region}`}, endpoint ${origin}`);
  },
};

function isKeyNamed({ options, context: { env } }: Examination): boolean {
  const named = [
    options.publicKey,
    options.keyId,
    fromEnv(env, 'KMS_ASYM_PUBLIC_KEY'),
    fromEnv(env, 'KMS_ASYM_KEY_ID'),
  ];
  return named.some((name) => name !== undefined);
}

function adoptKey(examination: Examination): void {
  const source = chooseKeySource(examination.options, examination.context.env);
  const { keyId, keyVersionId } = 'file' in source ? source.file : source.locator;
  if ('file' in source) examination.file = source.file;
  if (keyId !== undefined) examination.keyId = keyId;
  if (keyVersionId !== undefined) examination.keyVersionId = keyVersionId;
}

/** The endpoint can be reached and is who it claims to be. */
const connection: Check = {
  name: 'connection',
  blocked: ({ client }) => (client ? undefined : 'the settings have to be right first'),
  run: async (examination) => {
    examination.probe = await openProbe(examination);
    examination.connection = await examination.probe.connect();
    const { proxy, tls } = examination.connection;
    const through = proxy === undefined ? 'direct' : `through the proxy "${proxy}"`;
    if (tls === undefined) return `${through}, plain http on this machine`;
    return `${through}, ${tls.protocol}, certificates "${tls.chain.join('" < "')}", valid until ${tls.validTo}`;
  },
};

/** This machine's clock is near enough to the service's for signatures. */
const clock: Check = {
  name: 'clock',
  blocked: ({ connection: found }) => {
    if (!found) return 'the endpoint has to be reached first';
    return found.clockSkewMs === undefined ? 'the service does not tell its time' : undefined;
  },
  run: ({ connection: found }) => {
    const skewMs = found?.clockSkewMs ?? 0;
    const detail = describeSkew(skewMs);
    if (Math.abs(skewMs) < MAX_SKEW_MS) return Promise.resolve(detail);
    throw new KmsAsymError('configuration', detail, {
      hints: ["set this machine's clock (timedatectl set-ntp true): the service refuses more than 15 min"],
    });
  },
};

function describeSkew(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (seconds <= 1) return "this machine's clock agrees with the service's";
  const amount = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `this machine's clock is ${amount} ${skewMs < 0 ? 'behind' : 'ahead of'} the service's`;
}

/** Some place has credentials. */
const credentials: Check = {
  name: 'credentials',
  blocked: always,
  run: async (examination) => {
    examination.probe = await openProbe(examination);
    const { source, accessKeyId, isTemporary } = await examination.probe.findCredentials();
    examination.hasCredentials = true;
    const what = accessKeyId === undefined ? 'a bearer token' : `access key ${accessKeyId}`;
    return `${what}${isTemporary ? ' (temporary)' : ''} from ${source}`;
  },
};

/** The service takes the signature, and KMS is activated and paid for. */
const access: Check = {
  name: 'access',
  blocked: ({ connection: found, hasCredentials }) => {
    if (!found) return 'the endpoint has to be reached first';
    if (Math.abs(found.clockSkewMs ?? 0) >= MAX_SKEW_MS) return 'the clock has to be right first';
    return hasCredentials ? undefined : 'there have to be credentials first';
  },
  run: async (examination) => {
    const status = await accountStatus(examination);
    examination.isAccepted = true;
    if (status === undefined) return 'the signature is accepted';
    if (status === 'Enabled') return 'the signature is accepted, KMS is enabled';
    throw new KmsAsymError('service-refused', `KMS is "${status}" for this account`, {
      hints: ['activate Key Management Service in the console, and see that its bills are paid'],
    });
  },
};

/** Whoever may use a key need not be allowed to ask about the account, and some endpoints do not know. */
async function accountStatus({ probe }: Examination): Promise<string | undefined> {
  try {
    return await probe?.accountStatus();
  } catch (error) {
    if (isDenied(error) || isUnavailable(error)) return undefined;
    throw error;
  }
}

async function openProbe({ probe, client, options, context: { env } }: Examination): Promise<Probe> {
  if (probe) return probe;
  const { Probe } = await import('../../kms/probe.js');
  const { profile, connectTimeout, readTimeout, retryCount } = options;
  // Credentials can be looked for even where the settings of the connection are wrong.
  return new Probe(
    client ?? {
      ...(profile !== undefined && { profile }),
      connectTimeoutMs: connectTimeout * 1000,
      readTimeoutMs: readTimeout * 1000,
      retryCount,
      env,
    },
  );
}

/** In the order in which they build upon each other. */
export const WAY_CHECKS: readonly Check[] = [settings, connection, clock, credentials, access];
