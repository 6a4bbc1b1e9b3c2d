/**
 * A look at the way to the service, one step at a time: the connection without a signature, the credentials without a
 * call, and a signed call that is about no key.
 */

import type { PeerCertificate, TLSSocket } from 'node:tls';
import { VERSION } from '../version.js';
import type { KmsClientOptions } from './client.js';
import { CredentialChain } from './credentials/chain.js';
import { resolveEndpoint } from './endpoint.js';
import { Fields } from './fields.js';
import { HttpChannel, type HttpRequest } from './http.js';
import { withRetry } from './retry.js';
import { serviceText } from './service-text.js';
import { KmsTransport } from './transport.js';

const MAX_NAME_CHARS = 100;

/** What a connection to the endpoint is like. */
export interface Connection {
  /** `host:port` of the proxy it goes through. */
  readonly proxy: string | undefined;
  /** Absent for plain http. */
  readonly tls: TlsFacts | undefined;
  /** This machine's clock minus the service's, in milliseconds, to a second; absent when the answer has no date. */
  readonly clockSkewMs: number | undefined;
}

/** A verified TLS connection. */
export interface TlsFacts {
  /** For example `TLSv1.3`. */
  readonly protocol: string;
  /** Common names from the service's certificate up to its authority. */
  readonly chain: readonly string[];
  /** ISO 8601, UTC: when the service's certificate ends. */
  readonly validTo: string;
}

/** Credentials, as far as they may be shown. */
export interface CredentialFacts {
  /** Where they were found, for people. */
  readonly source: string;
  /** Beginning and end of the access key id; absent for a bearer token. */
  readonly accessKeyId: string | undefined;
  readonly isTemporary: boolean;
}

/** Looks; every method rejects as those of `KmsClient` do. */
export class Probe {
  readonly #options: KmsClientOptions;
  readonly #channel: HttpChannel;
  readonly #credentials: CredentialChain;

  /** Throws `configuration` when certificates would not be checked. */
  constructor(options: KmsClientOptions) {
    this.#options = options;
    this.#channel = new HttpChannel(options);
    this.#credentials = new CredentialChain({ ...options, env: this.#channel.env }, this.#channel);
  }

  /** Connects to the endpoint of the options and asks it something without a signature: any answer will do. */
  async connect(): Promise<Connection> {
    const { origin } = resolveEndpoint(this.#options);
    const url = new URL('/', origin);
    const { proxy } = await this.#channel.route(url);
    let tls: TlsFacts | undefined;
    const onSecure = (socket: TLSSocket): void => {
      tls = tlsFacts(socket);
    };
    const headers = { 'user-agent': `kms-asym/${VERSION}` };
    const answer = await this.#timed({ url, method: 'GET', headers, onSecure });
    return { proxy: proxy?.name, tls, clockSkewMs: answer.clockSkewMs };
  }

  /** Finds credentials; asks nobody but who gives them. */
  async findCredentials(): Promise<CredentialFacts> {
    const { credentials, provider } = await this.#credentials.find();
    if ('bearerToken' in credentials) {
      return { source: provider.title, accessKeyId: undefined, isTemporary: true };
    }
    const { accessKeyId, securityToken } = credentials;
    return {
      source: provider.title,
      accessKeyId: masked(accessKeyId),
      isTemporary: securityToken !== undefined,
    };
  }

  /** What KMS is to the account: `Enabled`, `NotEnabled`, `InDebt` or `Suspended` (DescribeAccountKmsStatus). */
  async accountStatus(): Promise<string> {
    const action = 'DescribeAccountKmsStatus';
    const transport = new KmsTransport({
      endpoint: resolveEndpoint(this.#options),
      credentials: this.#credentials,
      channel: this.#channel,
      userAgent: `kms-asym/${VERSION}`,
    });
    const attempt = (signal: AbortSignal) => transport.invoke(action, {}, signal);
    const { body } = await withRetry({ action, repeatable: true, attempt }, this.#options);
    return new Fields(action).token(body['AccountStatus'], 'AccountStatus');
  }

  /** Closes idle connections. */
  close(): void {
    this.#channel.close();
  }

  async #timed(request: HttpRequest): Promise<{ clockSkewMs: number | undefined }> {
    const attempt = async (signal: AbortSignal) => {
      const sentMs = Date.now();
      const { headers } = await this.#channel.send({ ...request, signal });
      const serviceMs = Date.parse(String(headers.date));
      const hereMs = (sentMs + Date.now()) / 2;
      // The header leaves fractions of a second out.
      return { clockSkewMs: Number.isNaN(serviceMs) ? undefined : hereMs - serviceMs - 500 };
    };
    return withRetry({ action: 'connecting', repeatable: true, attempt }, this.#options);
  }
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  const chain: string[] = [];
  let certificate: PeerCertificate | undefined = socket.getPeerCertificate(true);
  const validTo = new Date(certificate.valid_to).toISOString();
  // An authority is its own issuer.
  for (const seen = new Set<string>(); certificate && !seen.has(certificate.fingerprint256);) {
    seen.add(certificate.fingerprint256);
    chain.push(nameOf(certificate));
    certificate = (certificate as { issuerCertificate?: PeerCertificate }).issuerCertificate;
  }
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    chain,
    validTo,
  };
}

function nameOf({ subject }: PeerCertificate): string {
  const { CN, O } = subject as { CN?: string | string[]; O?: string | string[] };
  return serviceText([CN ?? O ?? 'unnamed'].flat().join(', '), MAX_NAME_CHARS);
}

function masked(accessKeyId: string): string {
  return accessKeyId.length < 12 ? '…' : `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}`;
}
