/** From a profile of the aliyun CLI to what it gives: static keys here, everything else by the vendor's providers. */

import {
  CLIProfileCredentialsProvider,
  type CredentialsProvider,
  URICredentialsProvider,
} from '@alicloud/credentials';
import { KmsAsymError } from '../../errors.js';
import type { HttpChannel } from '../http.js';
import { type AliyunProfile, homeFolder, profileField } from './aliyun-config.js';
import type { CredentialProvider } from './credentials.js';
import { metadataFetch } from './instance-role.js';
import { explainProviderError } from './provider-error.js';
import type { FetchOptions } from './token-fetch.js';
import { isOn } from '../environment.js';
import { vendorProvider } from './vendor-provider.js';

/** The member of the vendor's provider for profiles that makes the provider of one profile. */
interface ProfileFactory {
  homedir: string;
  getCredentialsProvider(config: { profiles: unknown }, name: string): CredentialsProvider;
}

/** Modes in which a profile names a program or an address to be asked. */
const EXTERNAL_MODES = ['External', 'CredentialsURI'];

/** Modes whose requests are of another kind. */
const FETCH: Readonly<Record<string, () => FetchOptions>> = {
  EcsRamRole: metadataFetch,
  CredentialsURI: () => ({ mayBePlain: true }),
};

/** Throws `credentials` for a profile that cannot be used. */
export function aliyunProvider(
  profile: AliyunProfile,
  env: NodeJS.ProcessEnv,
  channel: HttpChannel,
): CredentialProvider {
  const title = `profile "${profile.name}" of the aliyun CLI`;
  const mode = profileField(profile, 'mode') ?? 'AK';
  if (EXTERNAL_MODES.includes(mode) && isOn(env['ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS'])) {
    throw new KmsAsymError('credentials', `${title} gives no credentials: its mode ${mode} is turned off`, {
      hints: ['unset ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS'],
    });
  }
  const bearerToken = profileField(profile, 'bearer_token');
  if (mode === 'BearerToken' && bearerToken !== undefined) {
    return { title, read: () => Promise.resolve({ bearerToken, provider: 'cli_profile' }) };
  }
  try {
    const vendor = mode === 'CredentialsURI' ? uriProvider(profile) : modeProvider(profile, env);
    return vendorProvider(title, vendor, channel, FETCH[mode]?.());
  } catch (error) {
    throw explainProviderError(title, error);
  }
}

/** False for the empty profile that the aliyun CLI leaves behind when nobody has configured anything. */
export function isFilled(profile: AliyunProfile): boolean {
  const mode = profileField(profile, 'mode') ?? 'AK';
  return mode !== 'AK' || profileField(profile, 'access_key_id') !== undefined;
}

function uriProvider(profile: AliyunProfile): CredentialsProvider {
  return URICredentialsProvider.builder()
    .withCredentialsURI(profileField(profile, 'credentials_uri') ?? '')
    .build();
}

function modeProvider(profile: AliyunProfile, env: NodeJS.ProcessEnv): CredentialsProvider {
  const builder = CLIProfileCredentialsProvider.builder().withProfileName(profile.name);
  const factory = builder.build() as unknown as ProfileFactory;
  // Where logins that were renewed are written back to.
  factory.homedir = homeFolder(env);
  return factory.getCredentialsProvider({ profiles: profile.all }, profile.name);
}
