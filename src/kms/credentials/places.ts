/**
 * The places that credentials come from, in the order of the vendor's default chain: environment, OIDC, profile of the
 * aliyun CLI, credentials file, named role of the ECS instance, URI. A profile that was asked for stands alone.
 */

import { OIDCRoleArnCredentialsProvider, URICredentialsProvider } from '@alicloud/credentials';
import { KmsAsymError } from '../../errors.js';
import type { HttpChannel } from '../http.js';
import { areProfilesOff, readAliyunProfile } from './aliyun-config.js';
import { aliyunProvider, isFilled } from './aliyun-provider.js';
import type { CredentialProvider } from './credentials.js';
import { credentialsFileProvider } from './credentials-file.js';
import { instanceRole, isMetadataOff } from './instance-role.js';
import { accessKeyVariables, aliyunVariable, isOn, profileVariable } from '../environment.js';
import { vendorProvider } from './vendor-provider.js';

/** Which credentials to use. */
export interface CredentialChoice {
  /** Profile of the aliyun CLI; wins over everything in the environment. */
  readonly profile?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The first place that somebody has set up; throws `credentials` where that was done wrongly. */
export function setUpProvider(
  { profile, env }: CredentialChoice,
  channel: HttpChannel,
): CredentialProvider | undefined {
  if (profile !== undefined) return fromProfile(profile, env, channel);
  return (
    fromVariables(env) ??
    fromOidc(env, channel) ??
    fromProfile(undefined, env, channel) ??
    credentialsFileProvider(env, channel) ??
    fromNowhere(env) ??
    fromInstance(env, channel) ??
    fromUri(env, channel)
  );
}

function fromVariables(env: NodeJS.ProcessEnv): CredentialProvider | undefined {
  const accessKey = accessKeyVariables(env);
  return (
    accessKey && { title: 'the environment', read: () => Promise.resolve({ ...accessKey, provider: 'env' }) }
  );
}

function fromOidc(env: NodeJS.ProcessEnv, channel: HttpChannel): CredentialProvider | undefined {
  const role = aliyunVariable(env, 'ROLE_ARN');
  const provider = aliyunVariable(env, 'OIDC_PROVIDER_ARN');
  const tokenFile = aliyunVariable(env, 'OIDC_TOKEN_FILE');
  if (role === undefined || provider === undefined || tokenFile === undefined) return undefined;
  const builder = OIDCRoleArnCredentialsProvider.builder();
  builder.withRoleArn(role).withOIDCProviderArn(provider).withOIDCTokenFilePath(tokenFile);
  const session = aliyunVariable(env, 'ROLE_SESSION_NAME');
  if (session !== undefined) builder.withRoleSessionName(session);
  const stsRegion = aliyunVariable(env, 'STS_REGION');
  if (stsRegion !== undefined) builder.withStsRegionId(stsRegion);
  builder.withEnableVpc(isOn(aliyunVariable(env, 'VPC_ENDPOINT_ENABLED')));
  return vendorProvider('the role of the OIDC token', builder.build(), channel);
}

function fromProfile(
  name: string | undefined,
  env: NodeJS.ProcessEnv,
  channel: HttpChannel,
): CredentialProvider | undefined {
  const profile = readAliyunProfile(name, env);
  if (profile === undefined || (!profile.isChosen && !isFilled(profile))) return undefined;
  return aliyunProvider(profile, env, channel);
}

/** A profile of that name may be in either of two files, so only here it is certain that there is none. */
function fromNowhere(env: NodeJS.ProcessEnv): CredentialProvider | undefined {
  const name = profileVariable(env);
  if (name === undefined || areProfilesOff(env)) return undefined;
  throw new KmsAsymError('credentials', `there is no profile "${name}", which the environment asks for`, {
    hints: [`"aliyun configure --profile ${name}" makes it; or unset ALIBABA_CLOUD_PROFILE`],
  });
}

function fromInstance(env: NodeJS.ProcessEnv, channel: HttpChannel): CredentialProvider | undefined {
  const role = aliyunVariable(env, 'ECS_METADATA');
  return role === undefined || isMetadataOff(env) ? undefined : instanceRole(role, env, channel);
}

function fromUri(env: NodeJS.ProcessEnv, channel: HttpChannel): CredentialProvider | undefined {
  const uri = aliyunVariable(env, 'CREDENTIALS_URI');
  if (uri === undefined) return undefined;
  const vendor = URICredentialsProvider.builder().withCredentialsURI(uri).build();
  return vendorProvider('ALIBABA_CLOUD_CREDENTIALS_URI', vendor, channel, { mayBePlain: true });
}
