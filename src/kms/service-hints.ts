/** What to do about each error code of the service; one line per code. */

import type { CallSubject } from './call-error.js';

const THROTTLED = ['the account has used up its calls per second: call less often, or be more patient'];

/** Lines for people; `{keyId}` stands for the key that the call was about. */
const HINTS: Readonly<Record<string, readonly string[]>> = {
  'Forbidden.KeyNotFound': ['check the key id, and --region: a key exists in one region only'],
  'Forbidden.KeyVersionNotFound': [
    'leave --key-version-id out, or take the version that get-public-key names',
  ],
  'Forbidden.AliasNotFound': ['check the alias, and --region: aliases belong to one region'],
  'Forbidden.DKMSInstanceNotFound': ['check --instance-id and --region'],
  'Forbidden.DKMSInstanceStateInvalid': ['the KMS instance is not running; see the KMS console'],
  'Forbidden.KmsServiceNotEnabled': ['activate Key Management Service for this account in the console'],
  'Forbidden.AccessKey': ['enable the access key in the RAM console, or use another one'],
  'Forbidden.InDebt': ['the account has unpaid bills'],
  'Forbidden.InDebtOverdue': ['the account has unpaid bills'],
  'Rejected.Disabled': ['enable the key: kms-asym enable-key --key-id {keyId}'],
  'Rejected.PendingDeletion': ['rescue the key while you can: kms-asym cancel-key-deletion --key-id {keyId}'],
  'Rejected.Unavailable': ['the key cannot be used now; see its state in the KMS console'],
  'Rejected.UnsupportedOperation': [
    'the key cannot do this: check its KeyUsage and KeySpec, and that the algorithm belongs to them',
  ],
  'Rejected.Throttling': THROTTLED,
  Throttling: THROTTLED,
  'Throttling.User': THROTTLED,
  'Throttling.Api': THROTTLED,
  'Rejected.StateModifiedFailed': [
    "the key's state does not allow this: see it with kms-asym describe-key --key-id {keyId}",
  ],
  'Rejected.LimitExceeded': ['delete unused keys or ask for a higher quota'],
  'Rejected.ShareQuotaExceedLimit': ['the KMS instance is full: delete unused keys or extend it'],
  AliasAlreadyExists: ['choose another alias, or move this one: kms-asym update-alias'],
  'Unsupported.Alias': ['use the key id instead of the alias'],
  'InvalidProtocol.NeedSsl': ['use an https endpoint'],
  'InvalidAccessKeyId.NotFound': ['check ALIBABA_CLOUD_ACCESS_KEY_ID: the service does not know this key'],
  'InvalidAccessKeyId.Inactive': ['enable the access key in the RAM console, or use another one'],
  SignatureDoesNotMatch: ['check ALIBABA_CLOUD_ACCESS_KEY_SECRET: it does not belong to the access key id'],
  IncompleteSignature: ['check the credentials: the service could not read the signature'],
  MissingSecurityToken: [
    'an access key id that begins with "STS." needs its token: set ALIBABA_CLOUD_SECURITY_TOKEN too',
  ],
  'InvalidSecurityToken.Expired': [
    'the STS token has expired: get new temporary credentials, and set id, secret and token together',
  ],
  'InvalidSecurityToken.MismatchWithAccessKey': [
    'ALIBABA_CLOUD_SECURITY_TOKEN belongs to another access key: set all three together, or unset it',
  ],
  'InvalidSecurityToken.Malformed': [
    'check ALIBABA_CLOUD_SECURITY_TOKEN, or unset it for a permanent access key',
  ],
};

/** Codes of STS, which is asked for temporary credentials. */
const STS_HINTS: Readonly<Record<string, readonly string[]>> = {
  NoPermission: [
    'the trust policy of the role does not admit this identity, or its own policy not sts:AssumeRole',
  ],
  'AuthenticationFail.NoPermission': ['the trust policy of the role does not admit this OIDC token'],
  'AuthenticationFail.OIDCToken.Expired': [
    'the OIDC token has expired: have a fresh one written to ALIBABA_CLOUD_OIDC_TOKEN_FILE',
  ],
  'AuthenticationFail.OIDCToken.Invalid': [
    'ALIBABA_CLOUD_OIDC_TOKEN_FILE must hold the token just as its issuer made it',
  ],
  'AuthenticationFail.OIDCToken.AudienceNotMatch': [
    'the audience of the OIDC token must be a client id of the OIDC provider in RAM',
  ],
  'EntityNotExist.Role': ['check the ARN of the role'],
};

/** Codes that mean something else, or more, for one action. */
const BY_ACTION: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  CreateKey: {
    UnsupportedOperation: [
      'asymmetric keys live in a KMS instance today: add --instance-id kst-…, as shown in the KMS console',
    ],
  },
  CreateKeyVersion: {
    'Rejected.UnsupportedOperation': [
      'a key gets at most one new version in seven days, and in a KMS instance none but its first',
      'create another key in place of a version, and move the alias to it: kms-asym update-alias',
    ],
    'Rejected.LimitExceeded': ['the key has all the versions that it can have'],
  },
  ScheduleKeyDeletion: {
    'Rejected.UnsupportedOperation': [
      'if the key is protected from deletion, lift that first; see: kms-asym describe-key --key-id {keyId}',
    ],
  },
  UpdateAlias: {
    'Forbidden.AliasNotFound': ['it can only move aliases that exist: kms-asym list-aliases'],
  },
};

/** Hints for error `code` of a call; empty when nothing is known. */
export function serviceHints(code: string, { action, keyId = '' }: CallSubject): string[] {
  const hints =
    lookUp(lookUp(BY_ACTION, action) ?? {}, code) ?? lookUp(HINTS, code) ?? lookUp(STS_HINTS, code) ?? [];
  // Only what a shell takes as it stands.
  const id = /^[\w:/-]+$/.test(keyId) ? keyId : 'KEY_ID';
  return hints.map((hint) => hint.replace('{keyId}', id));
}

/** A hint that names the clock's error when the service found the request's time stamp too old or too new. */
export function clockHint(
  code: string,
  dateHeader: string | undefined,
  nowMs: number = Date.now(),
): string[] {
  if (code !== 'InvalidTimeStamp.Expired') return [];
  const serviceMs = Date.parse(dateHeader ?? '');
  if (Number.isNaN(serviceMs))
    return ["set this machine's clock: the service found the request's time wrong"];
  const minutes = Math.round(Math.abs(nowMs - serviceMs) / 60_000);
  if (minutes === 0)
    return ["this machine's clock and the service's agree: the request may have been held up on its way"];
  const direction = nowMs < serviceMs ? 'behind' : 'ahead of';
  return [`set this machine's clock: it is ${minutes} min ${direction} the service's`];
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
