/** A request the emulator says no to. Thrown anywhere below the handler, which turns it into an error body. */
import { SERVICE_ERRORS, type ServiceErrorCode } from './service-errors.js';

/** A refusal with the service's code. Messages reach the requester: they never hold a secret or a plaintext. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ServiceErrorCode;
  /** HTTP status. */
  readonly status: number;
  /** Milliseconds after which the same may be asked again, for the answer's `x-acs-retry-after`. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ServiceErrorCode,
    message: string = SERVICE_ERRORS[code].message,
    details: { readonly retryAfterMs?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.status = SERVICE_ERRORS[code].status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** 429 `Rejected.Throttling` for a call that may be repeated after so many milliseconds. */
export function throttled(retryAfterMs: number): Refusal {
  return new Refusal('Rejected.Throttling', undefined, { retryAfterMs });
}

/** 400 `InvalidParameter` that names the parameter. */
export function invalidParameter(name: string): Refusal {
  return new Refusal('InvalidParameter', `The specified parameter ${name} is not valid.`);
}

/** 400 `MissingParameter` that names the parameter. */
export function missingParameter(name: string): Refusal {
  return new Refusal('MissingParameter', `The parameter "${name}" is needed but not provided.`);
}

/** 400 `Rejected.UnsupportedOperation` for what the service can do and this emulator cannot. */
export function notImitated(what: string): Refusal {
  return new Refusal(
    'Rejected.UnsupportedOperation',
    `Unsupported operation. This emulator does not imitate ${what}.`,
  );
}
