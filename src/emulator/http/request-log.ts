/**
 * One record for every request, for those who want to see what clients do.
 *
 * Invariant: a record repeats nothing that a requester wrote. It holds names that the emulator knows by itself
 * (actions, access keys, keys), so no plaintext, ciphertext, secret, token or signature can get into it.
 */
import { monotonicMs } from '../../monotonic.js';
import type { Fault } from '../gate/faults.js';

/** What happened to one request. Members that do not apply are null. */
export interface RequestRecord {
  /** When it was answered, by the emulator's clock: ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  /** HTTP method; null for what was no HTTP. */
  readonly method: string | null;
  /** The action, if the emulator has it. */
  readonly action: string | null;
  /** Who signed it, once the signature is found good. */
  readonly accessKeyId: string | null;
  /** The key it is about, resolved from alias or ARN, if it exists. */
  readonly keyId: string | null;
  /** HTTP status; null when the connection was closed without an answer. */
  readonly status: number | null;
  /** Error code of the answer. */
  readonly code: string | null;
  /** RequestId of the answer. */
  readonly requestId: string | null;
  /** From the whole request to its answer, in milliseconds. */
  readonly durationMs: number;
  /** Trouble that was made on purpose. */
  readonly fault: Fault | null;
}

/** What becomes known about a request while it is handled. */
export interface Trace {
  readonly startedMs: number;
  readonly method: string | null;
  action?: string;
  accessKeyId?: string;
  keyId?: string;
  code?: string;
  fault?: Fault;
}

/** Begins to follow a request. */
export function startTrace(method: string | null): Trace {
  return { startedMs: monotonicMs(), method };
}

/** The record of a request that has its answer. */
export function recordOf(
  trace: Trace,
  answer: { readonly status: number; readonly requestId: string } | undefined,
  nowMs: number,
): RequestRecord {
  return {
    time: new Date(nowMs).toISOString(),
    method: trace.method,
    action: trace.action ?? null,
    accessKeyId: trace.accessKeyId ?? null,
    keyId: trace.keyId ?? null,
    status: answer?.status ?? null,
    code: (answer && trace.code) ?? null,
    requestId: answer?.requestId ?? null,
    durationMs: Math.round((monotonicMs() - trace.startedMs) * 1000) / 1000,
    fault: trace.fault ?? null,
  };
}
