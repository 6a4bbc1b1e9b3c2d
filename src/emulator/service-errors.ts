/**
 * The error codes of the service with their statuses and messages: the KMS "Common error codes" page, the error
 * tables of the actions, and the gateway's signature errors. Invariant: an emulator answers no other code, except
 * the three at the end, which name what a gateway would cut off without a body.
 */

/** HTTP status and default message of one code. */
export interface ServiceError {
  readonly status: number;
  readonly message: string;
}

const MANDATORY = 'is mandatory for this action.';
const KEY_STATE = 'The request was rejected because the key state is';

/** Every code an emulator answers. */
export const SERVICE_ERRORS = {
  'Forbidden.KeyNotFound': { status: 404, message: 'The specified Key is not found.' },
  'Forbidden.KeyVersionNotFound': { status: 404, message: 'The specified Key version is not found.' },
  'Forbidden.AliasNotFound': { status: 404, message: 'The specified Alias is not found.' },
  'Forbidden.DKMSInstanceNotFound': { status: 403, message: 'The specified DKMS Instance is not found.' },
  MissingParameter: { status: 400, message: 'A parameter is needed but not provided.' },
  InvalidParameter: { status: 400, message: 'The specified parameter is not valid.' },
  ParseRequestParameterException: {
    status: 400,
    message: 'Server parse parameters exception. Please check your input params.',
  },
  'Rejected.UnsupportedOperation': { status: 400, message: 'Unsupported operation.' },
  'Rejected.LimitExceeded': {
    status: 400,
    message: 'The request was rejected because user create resource limit was exceeded.',
  },
  UnsupportedOperation: { status: 400, message: 'This action is not supported.' },
  'Unsupported.Alias': { status: 400, message: 'Alias is not valid for this api.' },
  'Unsupported.Origin': { status: 400, message: 'This key origin is not valid for this api.' },
  AliasAlreadyExists: { status: 400, message: 'AliasName Already Exists.' },
  'Rejected.Disabled': { status: 409, message: `${KEY_STATE} Disabled.` },
  'Rejected.PendingDeletion': { status: 409, message: `${KEY_STATE} PendingDeletion.` },
  'Rejected.StateModifiedFailed': { status: 409, message: 'Keystate modified failed.' },
  DryRunOperationError: { status: 400, message: 'The request would have succeeded, but it was a dry run.' },
  ValidationError: { status: 400, message: 'The request would have failed.' },
  'Rejected.Throttling': { status: 429, message: 'QPS Limit Exceeded' },
  'Forbidden.NoPermission': { status: 403, message: 'This operation is forbidden by permission system.' },
  InternalFailure: { status: 500, message: 'Internal Failure' },
  ServiceUnavailableTemporary: { status: 503, message: 'Service Unavailable Temporary' },

  'InvalidApi.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
  },
  UnsupportedHTTPMethod: { status: 403, message: 'This http method is not supported.' },
  MissingAction: { status: 400, message: `Action ${MANDATORY}` },
  MissingVersion: { status: 400, message: `Version ${MANDATORY}` },
  MissingAccessKeyId: { status: 400, message: `AccessKeyId ${MANDATORY}` },
  MissingSignature: { status: 400, message: `Signature ${MANDATORY}` },
  MissingSignatureMethod: { status: 400, message: `SignatureMethod ${MANDATORY}` },
  MissingSignatureVersion: { status: 400, message: `SignatureVersion ${MANDATORY}` },
  MissingSignatureNonce: { status: 400, message: `SignatureNonce ${MANDATORY}` },
  MissingTimestamp: { status: 400, message: `Timestamp ${MANDATORY}` },
  IncompleteSignature: {
    status: 400,
    message: 'The request signature does not conform to Alibaba Cloud standards.',
  },
  SignatureDoesNotMatch: {
    status: 400,
    message: 'Specified signature is not matched with our calculation.',
  },
  SignatureNonceUsed: { status: 400, message: 'Specified signature nonce was used already.' },
  'InvalidTimeStamp.Expired': { status: 400, message: 'Specified time stamp or date value is expired.' },
  'InvalidTimeStamp.Format': {
    status: 400,
    message: 'Specified time stamp or date value is not well formatted.',
  },
  'InvalidAccessKeyId.NotFound': { status: 404, message: 'Specified access key is not found.' },
  MissingSecurityToken: { status: 400, message: `SecurityToken ${MANDATORY}` },
  'InvalidSecurityToken.Malformed': { status: 400, message: 'Specified SecurityToken is malformed.' },
  'InvalidSecurityToken.Expired': { status: 400, message: 'Specified SecurityToken is expired.' },
  'InvalidSecurityToken.MismatchWithAccessKey': {
    status: 400,
    message: 'Specified SecurityToken mismatch with the AccessKey.',
  },

  RequestTimeout: { status: 408, message: 'The request was not received in time.' },
  RequestBodyTooLarge: { status: 413, message: 'The request body is too large.' },
  RequestHeaderTooLarge: { status: 431, message: 'The request line and headers are too large.' },
} as const satisfies Record<string, ServiceError>;

/** A code of {@link SERVICE_ERRORS}. */
export type ServiceErrorCode = keyof typeof SERVICE_ERRORS;
