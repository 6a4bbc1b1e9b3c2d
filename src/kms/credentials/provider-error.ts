/**
 * What a provider's failure means. The texts of the vendor's library hold secrets, so they are never shown: known
 * phrases in them are recognised, and everything else is "no credentials".
 */

import { errnoOf, KmsAsymError } from '../../errors.js';
import { CallError } from '../call-error.js';

const FILE_ERRORS = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM'];

/** Phrases of the library, and of what stands in for parts of it, and what they mean; the first that fits names the error. */
const REASONS: readonly (readonly [phrase: RegExp, what: string, hint: string])[] = [
  [
    /unsupported profile mode/,
    'its mode is not supported',
    'modes that are: AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole, OIDC, CloudSSO, OAuth, External, CredentialsURI',
  ],
  [
    /unable to get profile with/,
    'it builds on a profile that does not exist',
    'check its source_profile: "aliyun configure list" shows the profiles there are',
  ],
  [
    /CloudSSO access token is empty or expired/,
    'its login has expired',
    'log in again: aliyun configure --mode CloudSSO',
  ],
  [/refresh OAuth token/, 'its login has expired', 'log in again: aliyun configure --mode OAuth'],
  [
    /external sources are off/,
    'the program or address that it names may not be asked',
    'unset ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS',
  ],
  [/credentials_uri/, 'it names no address', 'set credentials_uri in the profile'],
  [
    /IMDS credentials is disabled/,
    'the metadata service of ECS may not be asked',
    'unset ALIBABA_CLOUD_ECS_METADATA_DISABLED',
  ],
  [
    /external command/,
    'its command does not deliver',
    'run its process_command by hand; it has to print the JSON that "aliyun help configure" describes',
  ],
  [/process_command/, 'its process_command cannot be read', 'check process_command in the profile'],
  [
    /access key (id|secret) is (empty|invalid)|security token is empty/,
    'its access key is not complete',
    'enter it again: aliyun configure',
  ],
  [
    /RoleArn is empty|roleArn does not exist/,
    'it names no role',
    'set ram_role_arn in the profile, or ALIBABA_CLOUD_ROLE_ARN',
  ],
  [
    /oidc(ProviderArn|TokenFilePath)/,
    'it names no OIDC provider or token file',
    'set oidc_provider_arn and oidc_token_file in the profile',
  ],
  [/session duration/, 'its session is shorter than 900 s', 'set expired_seconds to at least 900'],
  [
    /get role name failed|httpStatus: 4\d\d/,
    'there is no such role',
    'attach the RAM role to the ECS instance, or name the one that is',
  ],
  [
    /Can not find credential type|Invalid type option/,
    'its type is not supported',
    'types that are: access_key, ecs_ram_role, ram_role_arn',
  ],
];

/** The error for a failure of the provider called `title`; `failure` is what the library threw. Keeps a `KmsAsymError` as it is. */
export function explainProviderError(title: string, failure: unknown): KmsAsymError {
  if (failure instanceof CallError && failure.service === undefined) return unreached(title, failure);
  if (failure instanceof KmsAsymError) return failure;
  const errno = errnoOf(failure);
  if (errno !== undefined && FILE_ERRORS.includes(errno)) {
    return new KmsAsymError(
      'credentials',
      `${title} gives no credentials: its file cannot be read (${errno})`,
      {
        hints: ['check that the file is there and may be read'],
      },
    );
  }
  const [, what, hint] = REASONS.find(([phrase]) => phrase.test(String(failure))) ?? [
    undefined,
    'what it answers makes no sense',
    'kms-asym doctor shows which credentials are used',
  ];
  return new KmsAsymError('credentials', `${title} gives no credentials: ${what}`, { hints: [hint] });
}

/** Not the service's endpoint was asked, so advice about that leads astray. */
function unreached(title: string, error: CallError): CallError {
  return error.inWords({
    message: `${title} gives no credentials: ${error.message}`,
    hints: [
      ...error.hints.filter((hint) => !/--(endpoint|region)\b/.test(hint)),
      'check the network, and the address that credentials are asked from',
    ],
  });
}
