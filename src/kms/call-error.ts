/**
 * The error of one call to the service: a `KmsAsymError` for people that also tells the retry loop what
 * it needs to know. Thrown by everything below `retry.ts`, never constructed above it.
 */

import { KmsAsymError, type ErrorCode, type ErrorDetails, type ErrorWords } from '../errors.js';

/** What was called, for messages. */
export interface CallSubject {
  readonly action: string;
  /** As it was sent: an id, an alias or an ARN. */
  readonly keyId?: string | undefined;
  /** Host name of the endpoint. */
  readonly host?: string;
}

/** What the retry loop has to know about a failed call. */
export interface CallFacts {
  /** Short cause for the line that says why the program waits; absent when a new attempt is pointless. */
  readonly retryReason?: string;
  /** True when the service may have carried the action out although no good answer came. */
  readonly mayHaveActed: boolean;
  /** True when there were too many calls, so that others will fare no better. */
  readonly isThrottled?: boolean;
  /** Wait that the service asked for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** A failed call. */
export class CallError extends KmsAsymError {
  readonly facts: CallFacts;
  readonly #details: ErrorDetails;

  constructor(code: ErrorCode, message: string, facts: CallFacts, details: ErrorDetails = {}) {
    super(code, message, details);
    this.facts = facts;
    this.#details = details;
  }

  /** The same error with one more hint at the end. */
  withHint(hint: string): CallError {
    return this.inWords({ hints: [...this.hints, hint] });
  }

  /** The same error, of which something more is known. */
  withFacts(facts: Partial<CallFacts>): CallError {
    return new CallError(this.code, this.message, { ...this.facts, ...facts }, this.#details);
  }

  /** The same error in other words. */
  inWords({ code = this.code, message = this.message, hints = this.hints }: ErrorWords): CallError {
    return new CallError(code, message, this.facts, { ...this.#details, hints });
  }
}

/** An answer that is not what the service documents; `what` completes the sentence. */
export function invalidResponse(what: string, hints: readonly string[] = []): CallError {
  return new CallError('invalid-response', what, { mayHaveActed: true }, { hints });
}

/** The error of a call that `signal` ended: the signal's own reason where that is already meant for people. */
export function abortError(signal: AbortSignal | undefined): KmsAsymError {
  const reason: unknown = signal?.reason;
  if (reason instanceof KmsAsymError) return reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  const message = timedOut ? 'the overall time limit is over' : 'the call was aborted';
  return new KmsAsymError(timedOut ? 'timeout' : 'network', message, { cause: reason });
}
