/**
 * The one seam between the vendor's SDK and the network: the OpenAPI client with `doRequest` replaced. It builds
 * the request as the original does (style RPC, signature ACS3-HMAC-SHA256, everything in the query, no body) with
 * the vendor's own time stamp and signer, and sends it through `http.ts`. It never retries and never waits.
 */

import { randomUUID } from 'node:crypto';
import { Config, OpenApiRequest, Params } from '@alicloud/openapi-client';
import { Request } from '@alicloud/tea-typescript';
import { readAnswer, type ServiceAnswer } from './answer.js';
import { CallError } from './call-error.js';
import type { CredentialChain } from './credentials/chain.js';
import type { Credentials } from './credentials/credentials.js';
import type { Endpoint } from './endpoint.js';
import type { HttpChannel } from './http.js';
import { withoutSecrets } from './secret-text.js';
import { OpenApiClient, OpenApiUtil } from './vendor.js';

const SIGNATURE_ALGORITHM = 'ACS3-HMAC-SHA256';
const EMPTY_BODY_HASH = OpenApiUtil.hexEncode(OpenApiUtil.hash(Buffer.alloc(0), SIGNATURE_ALGORITHM));

/** How the vendor's current clients call KMS. */
const RPC = {
  version: '2016-01-20',
  protocol: 'HTTPS',
  pathname: '/',
  method: 'POST',
  authType: 'AK',
  style: 'RPC',
  reqBodyType: 'formData',
  bodyType: 'json',
};

/** What one attempt is given besides its request, in the place of the vendor's run-time options. */
interface Runtime {
  readonly signal?: AbortSignal | undefined;
}

/** The base class with run-time options of any kind: it only hands them through to `doRequest`. */
interface CallApi {
  callApi(params: Params, request: OpenApiRequest, runtime: Runtime): Promise<unknown>;
}

/** What a transport is made of. */
export interface TransportParts {
  readonly endpoint: Endpoint;
  readonly credentials: Pick<CredentialChain, 'find'>;
  readonly channel: Pick<HttpChannel, 'send'>;
  /** Appended to the vendor's user agent, for example `kms-asym/1.0.0`. */
  readonly userAgent: string;
}

/** The vendor's client, whose requests leave through our HTTP. */
export class KmsTransport extends OpenApiClient {
  readonly #origin: string;
  readonly #channel: Pick<HttpChannel, 'send'>;
  readonly #credentials: Pick<CredentialChain, 'find'>;
  readonly #userAgent: string;

  constructor({ endpoint, credentials, channel, userAgent }: TransportParts) {
    super(new Config({ endpoint: endpoint.host, userAgent }));
    this.#origin = endpoint.origin;
    this.#channel = channel;
    this.#credentials = credentials;
    this.#userAgent = this.getUserAgent();
  }

  /**
   * Makes one call; `parameters` may be nested, they are flattened as the vendor does. `signal` ends it. Rejects with a
   * `KmsAsymError`.
   */
  async invoke(
    action: string,
    parameters: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<ServiceAnswer> {
    const request = new OpenApiRequest({ query: OpenApiUtil.query(parameters) });
    const answer = await (this as CallApi).callApi(new Params({ ...RPC, action }), request, { signal });
    return answer as ServiceAnswer;
  }

  override async doRequest(params: Params, request: OpenApiRequest, runtime: object): Promise<ServiceAnswer> {
    const { signal } = runtime as Runtime;
    const { credentials, provider } = await this.#credentials.find(signal);
    const { method, headers, query } = this.#sign(params, { ...request.query }, credentials);
    const url = new URL(params.pathname, this.#origin);
    url.search = queryText(query);
    const answer = await this.#channel.send({ url, method, headers, signal });
    try {
      const body =
        answer.status < 400
          ? answer.body
          : withoutSecrets(answer.body, credentials, headers['Authorization']);
      return readAnswer(
        { action: params.action, keyId: query['KeyId'], host: url.hostname },
        { ...answer, body },
      );
    } catch (error) {
      throw isAboutIdentity(error) ? error.withHint(`the credentials came from ${provider.title}`) : error;
    }
  }

  #sign(params: Params, query: Record<string, string>, credentials: Credentials): Request {
    const request = new Request();
    request.method = params.method;
    request.pathname = params.pathname;
    request.query = query;
    request.headers = {
      host: this._endpoint,
      'x-acs-version': params.version,
      'x-acs-action': params.action,
      'user-agent': this.#userAgent,
      'x-acs-date': OpenApiUtil.getTimestamp(),
      'x-acs-signature-nonce': randomUUID(),
      'x-acs-content-sha256': EMPTY_BODY_HASH,
      'x-acs-credentials-provider': credentials.provider,
      accept: 'application/json',
    };
    authorize(request, credentials);
    return request;
  }
}

function authorize(request: Request, credentials: Credentials): void {
  const { headers, query } = request;
  if ('bearerToken' in credentials) {
    headers['x-acs-bearer-token'] = credentials.bearerToken;
    query['SignatureType'] = 'BEARERTOKEN';
    return;
  }
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  if (securityToken) {
    headers['x-acs-accesskey-id'] = accessKeyId;
    headers['x-acs-security-token'] = securityToken;
  }
  headers['Authorization'] = OpenApiUtil.getAuthorization(
    request,
    SIGNATURE_ALGORITHM,
    EMPTY_BODY_HASH,
    accessKeyId,
    accessKeySecret,
  );
}

/** True when it helps to know whose credentials were used. */
function isAboutIdentity(error: unknown): error is CallError {
  if (!(error instanceof CallError)) return false;
  return error.code === 'credentials' || error.service?.code === 'Forbidden.NoPermission';
}

function queryText(query: Readonly<Record<string, string>>): string {
  const encode = (text: string): string => OpenApiUtil.getEncodeParam(text);
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}
