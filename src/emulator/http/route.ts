/**
 * What a request asks for, before anything in it is verified: path, parameters, action. What is signed decides; other
 * places that name the action or version must agree with it.
 */
import { findAction } from '../actions/index.js';
import type { Action } from '../call/action.js';
import { type Form, joinForms, parseForm } from './form.js';
import { Parameters } from '../call/parameters.js';
import { invalidParameter, Refusal } from '../refusal.js';
import { schemeOf } from '../signature/authenticator.js';
import type { SignedRequest } from '../signature/scheme.js';
import type { WireRequest } from './wire.js';

/** Version of the KMS API. */
const API_VERSION = '2016-01-20';

/** A request for an action, not yet authenticated. */
export interface ActionRequest {
  readonly name: string;
  readonly action: Action;
  readonly parameters: Parameters;
  readonly signed: SignedRequest;
}

/** Reads a request for an action, or `health` for a health check. Throws `Refusal` for all others. */
export function readRequest(request: WireRequest): ActionRequest | 'health' {
  if (request.method !== 'GET' && request.method !== 'POST') throw new Refusal('UnsupportedHTTPMethod');
  const [path, query] = splitTarget(request.target);
  if (path === '/healthz' && request.method === 'GET') return 'health';
  if (path !== '/') throw new Refusal('InvalidApi.NotFound');
  const { method, headers, body } = request;
  const signed: SignedRequest = { method, headers, body, query: parseForm(query), form: readBody(request) };
  const parameters = new Parameters(joinForms(signed.query, signed.form));
  const { name, action } = selectAction(signed, parameters);
  return { name, action, parameters, signed };
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

function selectAction(
  request: SignedRequest,
  parameters: Parameters,
): Pick<ActionRequest, 'name' | 'action'> {
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
  return { name: action, action: found };
}
