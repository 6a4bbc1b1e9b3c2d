/** How the vendor's credential providers reach token services (STS, CloudSSO, OAuth, the metadata service, a URI). */

import type { IncomingHttpHeaders } from 'node:http';
import { KmsAsymError } from '../../errors.js';
import { CallError } from '../call-error.js';
import { isLoopbackHost } from '../endpoint.js';
import { readAnswer } from '../answer.js';
import { withoutTexts } from '../secret-text.js';
import type { HttpAnswer, HttpChannel, HttpRequest } from '../http.js';

/** The parts of the vendor's request object that are used. */
export interface TokenRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly queries?: Readonly<Record<string, string>>;
  readonly bodyForm?: Readonly<Record<string, string>>;
  toRequestURL(): string;
}

/** The answer as the vendor's providers read it. */
export interface TokenAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How patient requests are. */
export interface FetchOptions {
  /** In place of the channel's. */
  readonly deadlines?: HttpRequest['deadlines'];
  /** After one request that got no answer, fail at once instead of asking again what is not there. */
  readonly failFast?: boolean;
  /** Plain http may leave this machine: to the metadata service, or where somebody's URI says so. */
  readonly mayBePlain?: boolean;
  /** Ends requests. */
  readonly signal?: AbortSignal;
}

/** Sends the requests of one look-up of a provider through `channel`; rejects with a `KmsAsymError`. */
export function tokenFetch(
  channel: HttpChannel,
  { deadlines, failFast, mayBePlain = false, signal }: FetchOptions,
): (request: TokenRequest, body?: string) => Promise<TokenAnswer> {
  let unreachable: CallError | undefined;
  return async (request, body) => {
    if (unreachable !== undefined) throw unreachable;
    try {
      const answer = await channel.send({
        url: addressOf(request, mayBePlain),
        method: request.method,
        headers: sent(request.headers),
        body: body ?? form(request.bodyForm),
        signal,
        ...(deadlines && { deadlines }),
      });
      return checked(request, answer);
    } catch (error) {
      if (failFast && error instanceof CallError && error.service === undefined) unreachable = error;
      throw error;
    }
  };
}

function addressOf(request: TokenRequest, mayBePlain: boolean): URL {
  const url = URL.canParse(request.toRequestURL()) ? new URL(request.toRequestURL()) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && (mayBePlain || isLoopbackHost(url.hostname))) return url;
  throw new KmsAsymError('credentials', 'the address to get credentials from is not an https address', {
    hints: ['check the address in the profile, or ALIBABA_CLOUD_CREDENTIALS_URI'],
  });
}

/** The services' own errors are told as such; what else is not 200 is for the provider to make sense of. */
function checked(request: TokenRequest, answer: HttpAnswer): TokenAnswer {
  const { status, headers, body } = answer;
  if (status === 429 || status >= 500 || (status >= 400 && isErrorDocument(body))) {
    const told = { ...answer, body: withoutTexts(body, secretsOf(request)) };
    throw refusal(request.queries?.['Action'] ?? 'the request for credentials', told);
  }
  return { statusCode: status, headers, body };
}

function isErrorDocument(body: Buffer): boolean {
  return /^\s*\{[^]*"Code"\s*:\s*"/.test(body.toString('latin1'));
}

/** A refused role or login is a matter of credentials, whatever the service calls it. */
function refusal(action: string, answer: HttpAnswer): unknown {
  try {
    return readAnswer({ action }, answer);
  } catch (error) {
    const isRefusal = error instanceof CallError && error.code === 'service-refused';
    return isRefusal ? error.inWords({ code: 'credentials' }) : error;
  }
}

/** What a request proves itself by, also behind the `Bearer` of a header. */
function secretsOf({ headers, queries, bodyForm }: TokenRequest): string[] {
  return Object.entries({ ...headers, ...queries, ...bodyForm })
    .filter(([name]) => /authorization|token|signature$/i.test(name))
    .flatMap(([, value]) => (value ?? '').split(' '));
}

function sent(headers: TokenRequest['headers']): Record<string, string> {
  const defined = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Record<string, string>;
}

/** As the vendor writes it. */
function form(fields: TokenRequest['bodyForm']): string | undefined {
  if (fields === undefined) return undefined;
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
