/**
 * The service without a transport: one request in, one answer out. Order of the checks, as at the service's gateway:
 * method and path, parameters, the action exists, the signature, the limit of calls per second (and trouble on
 * purpose), permission, then the action itself.
 *
 * Invariant: every answer is JSON with a RequestId, whatever was asked.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Call } from '../call/action.js';
import type { Clock } from '../clock.js';
import type { Faults } from '../gate/faults.js';
import type { AliasStore } from '../keys/alias-store.js';
import type { Account } from '../keys/identifiers.js';
import type { KeyStore } from '../keys/key-store.js';
import type { Permissions } from '../gate/permissions.js';
import { Refusal, throttled } from '../refusal.js';
import { recordOf, type RequestRecord, startTrace, type Trace } from './request-log.js';
import { type ActionRequest, readRequest } from './route.js';
import type { ServiceMode } from '../service-mode.js';
import type { Authenticator } from '../signature/authenticator.js';
import { subjectOf } from '../gate/subject.js';
import type { TokenBucket } from '../gate/token-bucket.js';
import type { WireAnswer, WireRequest } from './wire.js';

/** What `x-acs-retry-after` says when throttling is made up. */
const FAULT_RETRY_AFTER_MS = 100;

/** What the service is made of. */
export interface ServiceParts {
  readonly authenticator: Authenticator;
  readonly keys: KeyStore;
  readonly aliases: AliasStore;
  /** Resolves when everything that keys and aliases went through is durable; nothing is answered before. */
  readonly commit?: (() => Promise<void>) | undefined;
  readonly account: Account;
  readonly serviceMode: ServiceMode;
  readonly clock: Clock;
  /** What `GET /healthz` tells besides its status. */
  readonly health: Readonly<Record<string, string>>;
  /** Told about errors that are the emulator's own, which requesters see as `InternalFailure`. */
  readonly onFailure: (error: unknown) => void;
  /** Limit of calls per second; none when absent. */
  readonly throttle?: TokenBucket | undefined;
  /** Trouble on purpose; none when absent. */
  readonly faults?: Faults | undefined;
  /** Everything is allowed when absent. */
  readonly permissions?: Permissions | undefined;
  /** Told about every request when its answer is ready. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
}

/** Answers requests; never throws or rejects. */
export class Handler {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Answers one request; `undefined` means that its connection is to be closed without an answer. */
  async handle(request: WireRequest): Promise<WireAnswer | undefined> {
    const trace = startTrace(request.method);
    const answer = await this.#respond(request, trace);
    const slowMs = this.#parts.faults?.slowMs ?? 0;
    // Like all trouble, slowness is for callers who are known. It must not hold a process that is about to end.
    if (slowMs > 0 && trace.accessKeyId !== undefined) await delay(slowMs, undefined, { ref: false });
    const isDropped = trace.fault === 'drop-before' || trace.fault === 'drop-after';
    return this.#send(trace, isDropped ? undefined : answer);
  }

  /** The answer to what is refused before it is a whole request. */
  refuse(
    error: unknown,
    request?: { readonly method: string; readonly host: string | undefined },
  ): WireAnswer {
    const trace = startTrace(request?.method ?? null);
    return this.#send(trace, this.#refusal(error, trace, request?.host));
  }

  async #respond(request: WireRequest, trace: Trace): Promise<WireAnswer> {
    try {
      const route = readRequest(request);
      if (route === 'health') return this.#answer(200, { status: 'ok', ...this.#parts.health });
      return this.#answer(200, await this.#perform(route, trace));
    } catch (error) {
      return this.#refusal(error, trace, request.headers.get('host'));
    }
  }

  async #perform({ name, action, parameters, signed }: ActionRequest, trace: Trace): Promise<object> {
    trace.action = name;
    trace.accessKeyId = this.#parts.authenticator.authenticate(signed).id;
    this.#limit(trace);
    if (trace.fault === 'drop-before') return {};
    await this.#removeExpiredKeys();
    const { keys, aliases, account, serviceMode, permissions } = this.#parts;
    const call: Call = { parameters, keys, aliases, account, serviceMode };
    noteSubject(trace, subjectOf(call));
    permissions?.check(name, call);
    const response = await action(call);
    await this.#parts.commit?.();
    noteSubject(trace, createdKeyId(response));
    return response;
  }

  /** Throws `Refusal` for a call too many, or one that is to meet trouble. */
  #limit(trace: Trace): void {
    const waitMs = this.#parts.throttle?.take() ?? 0;
    if (waitMs > 0) throw throttled(waitMs);
    const fault = this.#parts.faults?.draw();
    if (fault !== undefined) trace.fault = fault;
    if (fault === 'throttle') throw throttled(FAULT_RETRY_AFTER_MS);
    if (fault === 'error500') throw new Refusal('InternalFailure');
    if (fault === 'error503') throw new Refusal('ServiceUnavailableTemporary');
  }

  /** Lets the keys go whose deletion date has passed, with their aliases: from then on nothing resolves to them. */
  async #removeExpiredKeys(): Promise<void> {
    const { keys, aliases, commit, onFailure } = this.#parts;
    aliases.removeOf(keys.removeExpired());
    // Trouble with a key that is gone already is no reason to fail the call; the next one tries again.
    await keys.destroyRemoved(commit).catch(onFailure);
  }

  #refusal(error: unknown, trace: Trace, host: string | undefined): WireAnswer {
    if (!(error instanceof Refusal)) this.#parts.onFailure(error);
    const refusal = error instanceof Refusal ? error : new Refusal('InternalFailure');
    const { status, code, message, retryAfterMs } = refusal;
    trace.code = code;
    const requestId = randomUUID();
    const members = {
      HttpStatus: status,
      Code: code,
      Message: message,
      HostId: host ?? `kms.${this.#parts.account.region}.aliyuncs.com`,
      Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=Kms&requestId=${requestId}`,
    };
    return this.#answer(status, members, requestId, retryAfterMs);
  }

  #answer(status: number, members: object, requestId = randomUUID(), retryAfterMs?: number): WireAnswer {
    const body = JSON.stringify({ ...members, RequestId: requestId });
    const headers: Record<string, string> = {
      'content-type': 'application/json;charset=utf-8',
      'content-length': Buffer.byteLength(body).toString(),
      'cache-control': 'no-store',
      'x-acs-request-id': requestId,
      date: new Date(this.#parts.clock()).toUTCString(),
    };
    if (retryAfterMs !== undefined) headers['x-acs-retry-after'] = retryAfterMs.toString();
    return { status, requestId, headers, body };
  }

  #send<T extends WireAnswer | undefined>(trace: Trace, answer: T): T {
    try {
      this.#parts.onRequest?.(recordOf(trace, answer, this.#parts.clock()));
    } catch (error) {
      this.#parts.onFailure(error);
    }
    return answer;
  }
}

function noteSubject(trace: Trace, keyId: string | undefined): void {
  if (keyId !== undefined) trace.keyId = keyId;
}

/** The id of the key that `CreateKey` made. */
function createdKeyId(response: object): string | undefined {
  return (response as { readonly KeyMetadata?: { readonly KeyId: string } }).KeyMetadata?.KeyId;
}
