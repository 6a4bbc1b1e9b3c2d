/**
 * What a run knows about the service, merged in one order: flags, then the public key file, then environment, then the
 * profile of the aliyun CLI. An endpoint never comes from a file. Knows no parser of command lines, and loads nothing
 * of the network before a client is wanted.
 */
import { KmsAsymError } from '../errors.js';
import { readSmallFile } from '../io/input.js';
import type { KmsClient, KmsClientOptions } from '../kms/client.js';
import { createKmsClient } from '../kms/connect.js';
import { profileField, readAliyunProfile, type AliyunProfile } from '../kms/credentials/aliyun-config.js';
import { aliyunVariable } from '../kms/environment.js';
import { isKnownRegion } from '../kms/regions.js';
import type { Context } from './context.js';

const MAX_CA_FILE_BYTES = 1024 * 1024;

/** The flags about the service; times are in seconds, as the aliyun CLI has them. */
export interface ServiceOptions {
  readonly region?: string;
  readonly vpc?: boolean;
  readonly endpoint?: string;
  readonly caFile?: string;
  readonly profile?: string;
  readonly connectTimeout: number;
  readonly readTimeout: number;
  readonly timeout: number;
  readonly retryCount: number;
}

/** What holds where no flag says anything else. */
export const SERVICE_DEFAULTS = {
  connectTimeout: 10,
  readTimeout: 30,
  timeout: 120,
  retryCount: 5,
} as const satisfies ServiceOptions;

/** A variable of the environment; empty counts as unset. */
export function fromEnv(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/**
 * The region to use: of the flag, of the public key file, of a profile named by flag, of the environment, of the
 * profile that the aliyun CLI would use.
 *
 * @param fileRegion - region named by a file; where it decides about the endpoint, it must be a known one, or the one
 * of `--region`
 * @param fileName - what to call that file in messages
 * @throws KmsAsymError `usage` when flag and file differ, `configuration` for an unknown region in a file,
 *   `credentials` for a profile that was asked for and cannot be read
 */
export function chooseRegion(
  options: Pick<ServiceOptions, 'region' | 'vpc' | 'endpoint' | 'profile'>,
  env: NodeJS.ProcessEnv,
  fileRegion?: string,
  fileName = 'the public key file',
): string | undefined {
  const isEndpointGiven = chooseEndpoint(options, env) !== undefined;
  if (fileRegion !== undefined) {
    return regionOfFile(options.region, fileRegion, fileName, !isEndpointGiven);
  }
  const given = givenRegion(options, env);
  // Where an endpoint is given nothing needs a region, and a profile may well belong to another one.
  if (options.region !== undefined || isEndpointGiven) return given;
  const fromProfile = (): string | undefined => regionOfProfile(readAliyunProfile(options.profile, env));
  return options.profile === undefined ? (given ?? fromProfile()) : (fromProfile() ?? given);
}

/** The region of the flag, else of the environment. */
export function givenRegion(
  options: Pick<ServiceOptions, 'region'>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return options.region ?? aliyunVariable(env, 'REGION_ID');
}

function regionOfFile(
  flag: string | undefined,
  fileRegion: string,
  fileName: string,
  isUsed: boolean,
): string {
  if (flag !== undefined && flag !== fileRegion) {
    throw new KmsAsymError(
      'usage',
      `--region "${flag}" contradicts ${fileName}, which names region "${fileRegion}"`,
    );
  }
  if (isUsed && flag === undefined && !isKnownRegion(fileRegion)) {
    throw new KmsAsymError('configuration', `${fileName} names an unknown region "${fileRegion}"`, {
      hints: [`if the region is right, confirm it: --region ${fileRegion}`],
    });
  }
  return fileRegion;
}

function regionOfProfile(profile: AliyunProfile | undefined): string | undefined {
  return profile && profileField(profile, 'region_id');
}

/** The endpoint in place of the region's; with `--vpc` there is none, whatever the environment says. */
function chooseEndpoint(
  { vpc, endpoint }: Pick<ServiceOptions, 'vpc' | 'endpoint'>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return vpc === true ? undefined : (endpoint ?? fromEnv(env, 'KMS_ASYM_ENDPOINT'));
}

/**
 * Everything a client has to be told, from flags and environment.
 *
 * @param region - as {@link chooseRegion} gave it
 * @throws KmsAsymError `usage` for flags that exclude each other, or what reading the CA file throws
 */
export function clientOptions(
  options: ServiceOptions,
  env: NodeJS.ProcessEnv,
  region: string | undefined,
): KmsClientOptions {
  if (options.vpc === true && options.endpoint !== undefined) {
    throw new KmsAsymError('usage', '--vpc and --endpoint exclude each other', {
      hints: ["--vpc stands for the region's own endpoint in its VPC: kms-vpc.REGION.aliyuncs.com"],
    });
  }
  const endpoint = chooseEndpoint(options, env);
  const caFile = options.caFile ?? fromEnv(env, 'KMS_ASYM_CA_FILE');
  const caPem = caFile && readSmallFile(caFile, MAX_CA_FILE_BYTES, 'CA file').toString('utf8');
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(caPem !== undefined && { caPem }),
    ...(options.profile !== undefined && { profile: options.profile }),
    vpc: options.vpc ?? (endpoint === undefined && endpointType(options, env) === 'vpc'),
    connectTimeoutMs: options.connectTimeout * 1000,
    readTimeoutMs: options.readTimeout * 1000,
    totalTimeoutMs: options.timeout * 1000,
    retryCount: options.retryCount,
    env,
  };
}

/**
 * The aliyun CLI's type of endpoint, `vpc` or another: from the place that the region would come from, so that a profile
 * is read only where it counts. The endpoint that a profile may name is not taken: it would send requests anywhere.
 */
function endpointType(
  options: Pick<ServiceOptions, 'region' | 'profile'>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const given = aliyunVariable(env, 'ENDPOINT_TYPE');
  if (options.profile === undefined && (given ?? givenRegion(options, env)) !== undefined) return given;
  const profile = readAliyunProfile(options.profile, env);
  return (profile && profileField(profile, 'endpoint_type')) ?? given;
}

/** How clients of many calls behave together, in place of how one of few does. */
export type ClientManners = Pick<KmsClientOptions, 'pace' | 'onRetry'>;

/**
 * Connects to the service.
 *
 * @param region - as {@link chooseRegion} gave it
 * @throws KmsAsymError `usage`, `configuration`, or what reading the CA file throws
 */
export async function openKms(
  { env, terminal }: Pick<Context, 'env' | 'terminal'>,
  options: ServiceOptions,
  region: string | undefined,
  manners: ClientManners = {},
): Promise<KmsClient> {
  const onRetry = retryNotice(terminal, options);
  return createKmsClient({ ...clientOptions(options, env, region), onRetry, ...manners });
}

/** Says on stderr that a call waits before it is made again. */
export function retryNotice(
  terminal: Context['terminal'],
  { retryCount }: ServiceOptions,
): NonNullable<KmsClientOptions['onRetry']> {
  return ({ action, reason, attempt, waitMs }) => {
    terminal.noteAside(
      `${action}: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s (${attempt} of ${retryCount})`,
    );
  };
}

/** Runs `use` with a connected client and closes it afterwards, whatever happens. */
export async function withKms<T>(
  context: Pick<Context, 'env' | 'terminal'>,
  options: ServiceOptions,
  region: string | undefined,
  use: (kms: KmsClient) => Promise<T>,
): Promise<T> {
  const kms = await openKms(context, options, region);
  try {
    return await use(kms);
  } finally {
    kms.close();
  }
}
