/**
 * Tries a call again when that can help: throttling, failures of the service and of the connection. Exponential
 * back-off with full jitter; every attempt is a whole new request with its own nonce, time stamp and signature.
 *
 * Invariant: a call that is not `repeatable` is never sent again once the service may have carried it out.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../monotonic.js';
import { abortError, CallError } from './call-error.js';
import type { Pace } from './pace.js';
import { startTimer } from './timer.js';

const BASE_MS = 200;
const CAP_MS = 10_000;
/** Longest wait that the service can impose, in milliseconds. */
const MAX_RETRY_AFTER_MS = 30_000;

/** How often and how a call is repeated. */
export interface RetryOptions {
  /** Attempts after the first one; 0 is none. */
  readonly retryCount: number;
  /** Deadline in milliseconds for all attempts and waits of one call together; none when absent. */
  readonly totalTimeoutMs?: number;
  /** Gives every attempt its turn, and does the waiting when the service throttles; without one, each call waits alone. */
  readonly pace?: Pace;
  /** Told before each wait; `attempt` counts the attempts that failed, from 1. */
  readonly onRetry?: (notice: { action: string; reason: string; attempt: number; waitMs: number }) => void;
  /** Ends an attempt or a wait. */
  readonly signal?: AbortSignal;
  /** Waits; the real clock when absent. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 (inclusive) to 1; `Math.random` when absent. */
  readonly random?: () => number;
}

/** One call: its action for notices, and whether it does no harm to carry it out twice. */
export interface RetriedCall<T> {
  readonly action: string;
  readonly repeatable: boolean;
  /** `signal` ends the attempt. */
  readonly attempt: (signal: AbortSignal) => Promise<T>;
}

/** The first success of `call`, or the error of its last attempt. */
export async function withRetry<T>(call: RetriedCall<T>, options: RetryOptions): Promise<T> {
  // A call that has not begun is not late.
  await options.pace?.turn(options.signal);
  const limit = new TimeLimit(call.action, options);
  try {
    for (let failures = 1; ; failures++) {
      try {
        return await call.attempt(limit.signal);
      } catch (error) {
        const waitMs = waitAfter(error, failures, call, options, limit);
        await (options.sleep ?? sleep)(waitMs, limit.signal);
        await options.pace?.turn(limit.signal);
      }
    }
  } finally {
    limit.clear();
  }
}

/** How long to wait after failure number `failures`, having said so; throws the error that ends the call. */
function waitAfter(
  error: unknown,
  failures: number,
  { action, repeatable }: RetriedCall<unknown>,
  options: RetryOptions,
  limit: TimeLimit,
): number {
  const reason = reasonToRetry(error, repeatable);
  if (reason === undefined) throw error;
  const waitMs = waitOf(failures, reason.error.facts.retryAfterMs ?? 0, options.random ?? Math.random);
  const pace = reason.error.facts.isThrottled === true ? options.pace : undefined;
  pace?.throttled(waitMs);
  if (failures > options.retryCount) throw gaveUp(reason.error, failures, '--retry-count');
  if (waitMs >= limit.leftMs()) throw gaveUp(reason.error, failures, '--timeout');
  options.onRetry?.({ action, reason: reason.text, attempt: failures, waitMs });
  return pace ? 0 : waitMs;
}

function gaveUp(error: CallError, failures: number, flag: string): CallError {
  if (failures === 1 && flag === '--retry-count') return error;
  return error.withHint(`gave up after ${failures} attempt${failures === 1 ? '' : 's'}; see ${flag}`);
}

/** The time that one call has, as a signal that ends whatever it waits for. */
class TimeLimit {
  readonly signal: AbortSignal;
  readonly #endMs: number;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(action: string, { totalTimeoutMs, signal }: RetryOptions) {
    const controller = new AbortController();
    this.signal = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
    this.#endMs = monotonicMs() + (totalTimeoutMs ?? Infinity);
    if (totalTimeoutMs === undefined) return;
    this.#timer = startTimer(totalTimeoutMs, () => {
      controller.abort(tooLate(action, totalTimeoutMs));
    });
  }

  leftMs(): number {
    return this.#endMs - monotonicMs();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

function tooLate(action: string, totalTimeoutMs: number): CallError {
  return new CallError(
    'timeout',
    `${action} did not succeed within ${totalTimeoutMs / 1000} s`,
    { mayHaveActed: true },
    { hints: ['allow more time with --timeout'] },
  );
}

function reasonToRetry(error: unknown, repeatable: boolean): { text: string; error: CallError } | undefined {
  if (!(error instanceof CallError) || error.facts.retryReason === undefined) return undefined;
  if (error.facts.mayHaveActed && !repeatable) return undefined;
  return { text: error.facts.retryReason, error };
}

function waitOf(failures: number, askedMs: number, random: () => number): number {
  const jitterMs = random() * Math.min(CAP_MS, BASE_MS * 2 ** (failures - 1));
  return Math.round(Math.max(jitterMs, Math.min(askedMs, MAX_RETRY_AFTER_MS)));
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw abortError(signal);
  }
}
