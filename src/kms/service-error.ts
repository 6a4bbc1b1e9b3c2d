/**
 * From an error document of the service (KMS error codes; gateway codes of the RPC API) to the error people see.
 * The service's code and RequestId go into the details, its message into the message, all of it stripped of what a
 * terminal would obey.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '../errors.js';
import { CallError, type CallSubject } from './call-error.js';
import { allowStatement, deniedResource } from './ram-policy.js';
import { retryAfterMs } from './retry-after.js';
import { clockHint, serviceHints } from './service-hints.js';
import { serviceText } from './service-text.js';

const THROTTLED = /^(?:Throttling(?:\..*)?|Rejected\.Throttling)$/;
const CREDENTIALS =
  /^(?:InvalidAccessKeyId(?:\..*)?|SignatureDoesNotMatch|IncompleteSignature|MissingSecurityToken|InvalidSecurityToken(?:\..*)?|InvalidTimeStamp\.Expired)$/;
const MAX_ID_CHARS = 128;

/** The parts of an error document that are read. */
interface ErrorDocument {
  readonly Code?: unknown;
  readonly Message?: unknown;
  readonly RequestId?: unknown;
}

/** The error for a call that the service refused or failed with HTTP status `status`. */
export function serviceError(
  subject: CallSubject,
  status: number,
  headers: IncomingHttpHeaders,
  { Code, Message, RequestId }: ErrorDocument,
): CallError {
  const code = textOf(Code, MAX_ID_CHARS) || 'unknown error';
  const throttled = status === 429 || THROTTLED.test(code);
  const failed = status >= 500;
  const wait = retryAfterMs(headers);
  const { action, keyId } = subject;
  const message = textOf(Message);
  const about = keyId === undefined ? action : `${action} of key "${serviceText(keyId, MAX_ID_CHARS)}"`;
  return new CallError(
    errorCodeOf(code, throttled || failed),
    `${about} ${throttled || failed ? 'failed' : 'was refused'}${sentence(message)}`,
    {
      mayHaveActed: failed && !throttled,
      ...((throttled || failed) && { retryReason: code }),
      isThrottled: throttled,
      ...(wait !== undefined && { retryAfterMs: wait }),
    },
    {
      hints: [
        ...clockHint(code, headers.date),
        ...permissionHint(code, subject, message),
        ...serviceHints(code, subject),
      ],
      service: { code, httpStatus: status, requestId: textOf(RequestId, MAX_ID_CHARS), action },
    },
  );
}

function permissionHint(code: string, subject: CallSubject, message: string): string[] {
  if (code !== 'Forbidden.NoPermission') return [];
  const statement = allowStatement([subject.action], deniedResource(subject, message));
  return [`a RAM policy of the identity you use has to hold: ${JSON.stringify(statement)}`];
}

function errorCodeOf(code: string, passing: boolean): ErrorCode {
  if (passing) return 'unavailable';
  return CREDENTIALS.test(code) ? 'credentials' : 'service-refused';
}

function textOf(value: unknown, maxChars?: number): string {
  return typeof value === 'string' ? serviceText(value, maxChars) : '';
}

/** Signature errors quote the string to sign, which holds the security token: it is cut off. */
function sentence(message: string): string {
  const told = message.replace(/[^.]*string ?to ?sign.*$/is, '').trim();
  return told === '' ? '' : `: ${told.replace(/\.$/, '')}`;
}
