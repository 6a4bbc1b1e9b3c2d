/**
 * What a run knows about the service, merged in one order: flags, then the public key file, then environment.
 * An endpoint never comes from a file.
 */
import { KmsAsymError } from '../errors.js';
import { readSmallFile } from '../io/input.js';
import type { KmsClient } from '../kms/client.js';
import { createKmsClient } from '../kms/connect.js';
import { isKnownRegion } from '../kms/endpoint.js';
import type { Context } from './context.js';
import type { GlobalOptions } from './options.js';

const MAX_CA_FILE_BYTES = 1024 * 1024;

/** A variable of the environment; empty counts as unset. */
export function fromEnv(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/**
 * The region to use.
 *
 * @param fileRegion - region named by a file; where it decides about the endpoint, it must be a known one, or the one
 * of `--region`
 * @param fileName - what to call that file in messages
 * @throws KmsAsymError `usage` when flag and file differ, `configuration` for an unknown region in a file
 */
export function chooseRegion(
  options: GlobalOptions,
  env: NodeJS.ProcessEnv,
  fileRegion?: string,
  fileName = 'the public key file',
): string | undefined {
  if (fileRegion === undefined) return options.region ?? fromEnv(env, 'ALIBABA_CLOUD_REGION_ID');
  if (options.region !== undefined && options.region !== fileRegion) {
    throw new KmsAsymError(
      'usage',
      `--region "${options.region}" contradicts ${fileName}, which names region "${fileRegion}"`,
    );
  }
  const isUsed = chooseEndpoint(options, env) === undefined;
  if (isUsed && options.region === undefined && !isKnownRegion(fileRegion)) {
    throw new KmsAsymError('configuration', `${fileName} names an unknown region "${fileRegion}"`, {
      hints: [`if the region is right, confirm it: --region ${fileRegion}`],
    });
  }
  return fileRegion;
}

function chooseEndpoint(options: GlobalOptions, env: NodeJS.ProcessEnv): string | undefined {
  return options.endpoint ?? fromEnv(env, 'KMS_ASYM_ENDPOINT');
}

/**
 * Connects to the service.
 *
 * @param region - as {@link chooseRegion} gave it
 * @throws KmsAsymError `configuration`, `credentials`, or what reading the CA file throws
 */
export async function openKms(
  context: Context,
  options: GlobalOptions,
  region: string | undefined,
): Promise<KmsClient> {
  const { env, terminal } = context;
  const endpoint = chooseEndpoint(options, env);
  const caFile = options.caFile ?? fromEnv(env, 'KMS_ASYM_CA_FILE');
  const caPem = caFile && readSmallFile(caFile, MAX_CA_FILE_BYTES, 'CA file').toString('utf8');
  return createKmsClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(caPem !== undefined && { caPem }),
    ...(options.profile !== undefined && { profile: options.profile }),
    connectTimeoutMs: options.connectTimeout * 1000,
    readTimeoutMs: options.readTimeout * 1000,
    retryCount: options.retryCount,
    env,
    onRetry: ({ action, reason, attempt, waitMs }) => {
      terminal.noteAside(
        `${action}: ${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s (${attempt} of ${options.retryCount})`,
      );
    },
  });
}

/** Runs `use` with a connected client and closes it afterwards, whatever happens. */
export async function withKms<T>(
  context: Context,
  options: GlobalOptions,
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
