/** From a profile of the aliyun CLI to what it gives: static keys here, everything else by the vendor's providers. */

import {
  CLIProfileCredentialsProvider,
  type CredentialsProvider,
  URICredentialsProvider,
} from '@alicloud/credentials';
import { type AliyunProfile, homeFolder, profileField } from './aliyun-config.js';
import type { CredentialProvider } from './credentials.js';
import { requireExternal, type Surroundings, vendorProvider } from './vendor-provider.js';

/** The member of the vendor's provider for profiles that makes the provider of one profile. */
interface ProfileFactory {
  homedir: string;
  getCredentialsProvider(config: { profiles: unknown }, name: string): CredentialsProvider;
}

/** Throws `credentials` for a profile that cannot be used. */
export function aliyunProvider(profile: AliyunProfile, surroundings: Surroundings): CredentialProvider {
  const { env } = surroundings;
  const title = `profile "${profile.name}" of the aliyun CLI`;
  const mode = profileField(profile, 'mode') ?? 'AK';
  const bearerToken = profileField(profile, 'bearer_token');
  if (mode === 'BearerToken' && bearerToken !== undefined) {
    const credentials = { bearerToken, provider: 'cli_profile' };
    return { title, isLasting: true, read: () => Promise.resolve(credentials) };
  }
  const build = () => (mode === 'CredentialsURI' ? uriProvider(profile, env) : modeProvider(profile, env));
  return vendorProvider(title, build, surroundings);
}

/** False for the empty profile that the aliyun CLI leaves behind when nobody has configured anything. */
export function isFilled(profile: AliyunProfile): boolean {
  const mode = profileField(profile, 'mode') ?? 'AK';
  return mode !== 'AK' || profileField(profile, 'access_key_id') !== undefined;
}

function uriProvider(profile: AliyunProfile, env: NodeJS.ProcessEnv): CredentialsProvider {
  requireExternal(env);
  const uri = profileField(profile, 'credentials_uri');
  if (uri === undefined) throw new Error('credentials_uri is empty');
  return URICredentialsProvider.builder().withCredentialsURI(uri).build();
}

function modeProvider(profile: AliyunProfile, env: NodeJS.ProcessEnv): CredentialsProvider {
  const builder = CLIProfileCredentialsProvider.builder().withProfileName(profile.name);
  const factory = builder.build() as unknown as ProfileFactory;
  // Where logins that were renewed are written back to.
  factory.homedir = homeFolder(env);
  return factory.getCredentialsProvider({ profiles: profile.all }, profile.name);
}
