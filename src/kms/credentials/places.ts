/**
 * The places that credentials come from, in the order of the vendor's default chain: environment, OIDC, profile of the
 * aliyun CLI, credentials file, named role of the ECS instance, URI. A profile that was asked for stands alone.
 */

import { OIDCRoleArnCredentialsProvider, URICredentialsProvider } from '@alicloud/credentials';
import { KmsAsymError } from '../../errors.js';
import { areProfilesOff, readAliyunProfile } from './aliyun-config.js';
import { aliyunProvider, isFilled } from './aliyun-provider.js';
import type { CredentialProvider } from './credentials.js';
import { credentialsFileProvider } from './credentials-file.js';
import { instanceRole, isMetadataOff } from './instance-role.js';
import { accessKeyVariables, aliyunVariable, isOn, profileVariable } from '../environment.js';
import { type Surroundings, vendorProvider } from './vendor-provider.js';

/** Which credentials to use. */
export interface CredentialChoice extends Surroundings {
  /** Profile of the aliyun CLI; wins over everything in the environment. */
  readonly profile?: string | undefined;
}

/** The first place that somebody has set up; throws `credentials` where that was done wrongly. */
export function setUpProvider(choice: CredentialChoice): CredentialProvider | undefined {
  const { profile, env } = choice;
  if (profile !== undefined) return fromProfile(profile, choice);
  return (
    fromVariables(env) ??
    fromOidc(choice) ??
    fromProfile(undefined, choice) ??
    credentialsFileProvider(choice) ??
    fromNowhere(env) ??
    fromInstance(choice) ??
    fromUri(choice)
  );
}

function fromVariables(env: NodeJS.ProcessEnv): CredentialProvider | undefined {
  const accessKey = accessKeyVariables(env);
  if (accessKey === undefined) return undefined;
  const credentials = { ...accessKey, provider: 'env' };
  return { title: 'the environment', isLasting: true, read: () => Promise.resolve(credentials) };
}

function fromOidc(surroundings: Surroundings): CredentialProvider | undefined {
  const { env } = surroundings;
  const role = aliyunVariable(env, 'ROLE_ARN');
  const provider = aliyunVariable(env, 'OIDC_PROVIDER_ARN');
  const tokenFile = aliyunVariable(env, 'OIDC_TOKEN_FILE');
  if (role === undefined || provider === undefined || tokenFile === undefined) return undefined;
  const builder = OIDCRoleArnCredentialsProvider.builder();
  builder.withRoleArn(role).withOIDCProviderArn(provider).withOIDCTokenFilePath(tokenFile);
  builder.withEnableVpc(isOn(aliyunVariable(env, 'VPC_ENDPOINT_ENABLED')));
  return vendorProvider('the role of the OIDC token', () => builder.build(), surroundings);
}

function fromProfile(name: string | undefined, surroundings: Surroundings): CredentialProvider | undefined {
  const profile = readAliyunProfile(name, surroundings.env);
  if (profile === undefined || (!profile.isChosen && !isFilled(profile))) return undefined;
  return aliyunProvider(profile, surroundings);
}

/** A profile of that name may be in either of two files, so only here it is certain that there is none. */
function fromNowhere(env: NodeJS.ProcessEnv): CredentialProvider | undefined {
  const name = profileVariable(env);
  if (name === undefined || areProfilesOff(env)) return undefined;
  throw new KmsAsymError('credentials', `there is no profile "${name}", which the environment asks for`, {
    hints: [`"aliyun configure --profile ${name}" makes it; or unset ALIBABA_CLOUD_PROFILE`],
  });
}

function fromInstance(surroundings: Surroundings): CredentialProvider | undefined {
  const role = aliyunVariable(surroundings.env, 'ECS_METADATA');
  if (role === undefined || isMetadataOff(surroundings.env)) return undefined;
  return instanceRole(role, surroundings);
}

function fromUri(surroundings: Surroundings): CredentialProvider | undefined {
  const uri = aliyunVariable(surroundings.env, 'CREDENTIALS_URI');
  if (uri === undefined) return undefined;
  const builder = URICredentialsProvider.builder().withCredentialsURI(uri);
  return vendorProvider('ALIBABA_CLOUD_CREDENTIALS_URI', () => builder.build(), surroundings);
}
