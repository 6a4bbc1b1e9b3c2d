/**
 * Credentials by the vendor's library: its default chain (environment, OIDC, aliyun CLI profile, credentials file,
 * ECS role, URI), or one profile of the aliyun CLI.
 *
 * Invariant: the library's error texts are never passed on, nor kept as a cause. They hold whole configuration
 * files and answers of token services, secrets included; only known phrases in them are recognised.
 */

import { CLIProfileCredentialsProvider, Config, type CredentialModel } from '@alicloud/credentials';
import { KmsAsymError } from '../errors.js';
import { Credential } from './vendor.js';

const PRINTABLE = /^[\x21-\x7e]*$/;
const HOW_TO_SET =
  'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run "aliyun configure"';

/** Which credentials to use. */
export interface CredentialChoice {
  /** Profile of the aliyun CLI; wins over everything in the environment. */
  readonly profile?: string;
  /** Looked at for a static access key; the rest of the chain reads `process.env` itself. */
  readonly env: NodeJS.ProcessEnv;
}

/** A source of credentials; nothing is read or asked for yet. */
export function createCredential({ profile, env }: CredentialChoice): Credential {
  if (profile !== undefined) {
    return new Credential(null, profileProvider(profile));
  }
  const accessKeyId = env['ALIBABA_CLOUD_ACCESS_KEY_ID'];
  const accessKeySecret = env['ALIBABA_CLOUD_ACCESS_KEY_SECRET'];
  if (!accessKeyId || !accessKeySecret) return new Credential();
  const securityToken = env['ALIBABA_CLOUD_SECURITY_TOKEN'];
  const access = { accessKeyId, accessKeySecret };
  return new Credential(
    new Config(securityToken ? { ...access, securityToken, type: 'sts' } : { ...access, type: 'access_key' }),
  );
}

/**
 * The credentials of this moment (temporary ones are refreshed by the library).
 * Throws `credentials` when there are none, or some that cannot be sent.
 */
export async function readCredential(credential: Credential): Promise<CredentialModel> {
  let model: CredentialModel;
  try {
    model = await credential.getCredential();
  } catch (error) {
    throw noCredentials(error instanceof Error ? error.message : '');
  }
  for (const part of [model.accessKeyId, model.securityToken, model.bearerToken]) {
    if (part === undefined || PRINTABLE.test(part)) continue;
    throw new KmsAsymError('credentials', 'the access key id or token holds characters that cannot be sent', {
      hints: ['look for a line break or a space at its end'],
    });
  }
  return model;
}

function profileProvider(profile: string): CLIProfileCredentialsProvider {
  try {
    return CLIProfileCredentialsProvider.builder().withProfileName(profile).build();
  } catch {
    throw new KmsAsymError('credentials', `profile ${JSON.stringify(profile)} cannot be used`, {
      hints: ['unset ALIBABA_CLOUD_CLI_PROFILE_DISABLED'],
    });
  }
}

/** Phrases of the library and what they mean; the first that fits names the error. */
const REASONS: readonly (readonly [phrase: RegExp, message: string, hint: string])[] = [
  [
    /parse aliyun cli config from/,
    'the aliyun CLI configuration is not valid JSON',
    'repair or remove ".aliyun/config.json" in your home directory',
  ],
  [
    /^(reading aliyun cli config from|no any configured profiles in)/,
    'there is no aliyun CLI configuration to take a profile from',
    'leave --profile out, or run "aliyun configure --profile NAME"',
  ],
  [
    /unable to get profile with/,
    'the aliyun CLI configuration has no such profile',
    'see "aliyun configure list" for the profiles there are',
  ],
  [
    /unsupported profile mode/,
    'the mode of this aliyun CLI profile is not supported',
    'use a profile with mode AK, StsToken, RamRoleArn, EcsRamRole, OIDC, CloudSSO, OAuth or External',
  ],
];

function noCredentials(libraryText: string): KmsAsymError {
  const reason = REASONS.find(([phrase]) => phrase.test(libraryText));
  const hints = [reason?.[2] ?? HOW_TO_SET];
  if (/100\.100\.100\.200|metadata|role name/i.test(libraryText)) {
    hints.push(
      'outside ECS, ALIBABA_CLOUD_ECS_METADATA_DISABLED=true saves the wait for its metadata service',
    );
  }
  return new KmsAsymError('credentials', reason?.[1] ?? 'no usable credentials found', { hints });
}
