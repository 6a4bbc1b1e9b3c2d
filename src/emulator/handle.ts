/**
 * The service without a transport: one request in, one answer out. Order of the checks, as at the service's
 * gateway: method and path, parameters, the action exists, the signature, then the action itself.
 *
 * Invariant: every answer is JSON with a RequestId, whatever was asked.
 */
import { randomUUID } from 'node:crypto';
import { findAction } from './actions/index.js';
import type { Action } from './action.js';
import type { Clock } from './clock.js';
import { type Form, joinForms, parseForm } from './form.js';
import type { AliasStore } from './keys/alias-store.js';
import type { Account } from './keys/identifiers.js';
import type { KeyStore } from './keys/key-store.js';
import { Parameters } from './parameters.js';
import { invalidParameter, Refusal } from './refusal.js';
import type { ServiceMode } from './service-mode.js';
import { type Authenticator, schemeOf } from './signature/authenticator.js';
import type { SignedRequest } from './signature/scheme.js';
import type { WireAnswer, WireRequest } from './wire.js';

/** Version of the KMS API. */
const API_VERSION = '2016-01-20';

/** What the service is made of. */
export interface ServiceParts {
  readonly authenticator: Authenticator;
  readonly keys: KeyStore;
  readonly aliases: AliasStore;
  readonly account: Account;
  readonly serviceMode: ServiceMode;
  readonly clock: Clock;
  /** What `GET /healthz` tells besides its status. */
  readonly health: Readonly<Record<string, string>>;
  /** Told about errors that are the emulator's own, which requesters see as `InternalFailure`. */
  readonly onFailure: (error: unknown) => void;
}

/** Answers requests; never throws or rejects. */
export class Handler {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Answers one request. */
  async handle(request: WireRequest): Promise<WireAnswer> {
    try {
      const response = await this.#dispatch(request);
      return this.#answer(200, randomUUID(), response);
    } catch (error) {
      return this.refuse(error, request.headers.get('host'));
    }
  }

  /** The answer to a request that is refused with `error`, also one that never became a request. */
  refuse(error: unknown, host?: string): WireAnswer {
    if (!(error instanceof Refusal)) this.#parts.onFailure(error);
    const { status, code, message } = error instanceof Refusal ? error : new Refusal('InternalFailure');
    const requestId = randomUUID();
    return this.#answer(status, requestId, {
      HttpStatus: status,
      Code: code,
      Message: message,
      HostId: host ?? `kms.${this.#parts.account.region}.aliyuncs.com`,
      Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=Kms&requestId=${requestId}`,
    });
  }

  async #dispatch(request: WireRequest): Promise<object> {
    if (request.method !== 'GET' && request.method !== 'POST') throw new Refusal('UnsupportedHTTPMethod');
    const [path, query] = splitTarget(request.target);
    if (path === '/healthz' && request.method === 'GET') return { status: 'ok', ...this.#parts.health };
    if (path !== '/') throw new Refusal('InvalidApi.NotFound');
    const signed: SignedRequest = { ...request, query: parseForm(query), form: readBody(request) };
    const parameters = new Parameters(joinForms(signed.query, signed.form));
    const action = selectAction(signed, parameters);
    this.#parts.authenticator.authenticate(signed);
    await this.#removeExpiredKeys();
    const { keys, aliases, account, serviceMode } = this.#parts;
    return action({ parameters, keys, aliases, account, serviceMode });
  }

  /** Lets the keys go whose deletion date has passed, with their aliases: from then on nothing resolves to them. */
  async #removeExpiredKeys(): Promise<void> {
    const { keys, aliases, onFailure } = this.#parts;
    aliases.removeOf(keys.removeExpired());
    // Trouble with a key that is gone already is no reason to fail the call; the next one tries again.
    await keys.destroyRemoved().catch(onFailure);
  }

  #answer(status: number, requestId: string, response: object): WireAnswer {
    const body = JSON.stringify({ ...response, RequestId: requestId });
    return {
      status,
      headers: {
        'content-type': 'application/json;charset=utf-8',
        'content-length': Buffer.byteLength(body).toString(),
        'cache-control': 'no-store',
        'x-acs-request-id': requestId,
        date: new Date(this.#parts.clock()).toUTCString(),
      },
      body,
    };
  }
}

/** Path and query; the scheme and host of an absolute target are skipped. */
function splitTarget(target: string): [path: string, query: string] {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = `${relative}?`.indexOf('?');
  return [mark === 0 ? '/' : relative.slice(0, mark), relative.slice(mark + 1)];
}

function readBody({ headers, body }: WireRequest): Form {
  if (body.length === 0) return new Map();
  const mediaType = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded') throw new Refusal('ParseRequestParameterException');
  return parseForm(Buffer.from(body).toString('latin1'));
}

function selectAction(request: SignedRequest, parameters: Parameters): Action {
  const { action, version } = schemeOf(request).operation(request);
  if (action === '') throw new Refusal('MissingAction');
  if (version === '') throw new Refusal('MissingVersion');
  for (const [name, value] of Object.entries({ Action: action, Version: version })) {
    const spellings = [parameters.optional(name), request.headers.get(`x-acs-${name.toLowerCase()}`)];
    if (spellings.some((spelling) => spelling !== undefined && spelling !== value))
      throw invalidParameter(name);
  }
  const found = version === API_VERSION ? findAction(action) : undefined;
  if (found === undefined) throw new Refusal('InvalidApi.NotFound');
  return found;
}
