/**
 * Tries a call again when that can help: throttling, failures of the service and of the connection. Exponential
 * back-off with full jitter; every attempt is a whole new request with its own nonce, time stamp and signature.
 *
 * Invariant: a call that is not `repeatable` is never sent again once the service may have carried it out.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { abortError, CallError } from './call-error.js';

const BASE_MS = 200;
const CAP_MS = 10_000;
/** Longest wait that the service can impose, in milliseconds. */
const MAX_RETRY_AFTER_MS = 30_000;

/** How often and how a call is repeated. */
export interface RetryOptions {
  /** Attempts after the first one; 0 is none. */
  readonly retryCount: number;
  /** Told before each wait; `attempt` counts the attempts that failed, from 1. */
  readonly onRetry?: (notice: { action: string; reason: string; attempt: number; waitMs: number }) => void;
  /** Ends a wait. */
  readonly signal?: AbortSignal;
  /** Waits; the real clock when absent. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** A number from 0 (inclusive) to 1; `Math.random` when absent. */
  readonly random?: () => number;
}

/** One call: its action for notices, and whether it does no harm to carry it out twice. */
export interface RetriedCall<T> {
  readonly action: string;
  readonly repeatable: boolean;
  readonly attempt: () => Promise<T>;
}

/** The first success of `call`, or the error of its last attempt. */
export async function withRetry<T>(call: RetriedCall<T>, options: RetryOptions): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await call.attempt();
    } catch (error) {
      const reason = reasonToRetry(error, call.repeatable);
      if (reason === undefined) throw error;
      if (failures > options.retryCount) {
        throw failures === 1
          ? error
          : reason.error.withHint(`gave up after ${failures} attempts; see --retry-count`);
      }
      const waitMs = waitOf(failures, reason.error.facts.retryAfterMs ?? 0, options.random ?? Math.random);
      options.onRetry?.({ action: call.action, reason: reason.text, attempt: failures, waitMs });
      await (options.sleep ?? sleep)(waitMs, options.signal);
    }
  }
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

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return delay(ms);
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw abortError(signal);
  }
}
