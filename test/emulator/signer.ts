/** Both signatures of the service written by hand from its documentation, and plain HTTP to send them with. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';

export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export type Params = Readonly<Record<string, string>>;

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

const FORM = 'application/x-www-form-urlencoded';

function utcSeconds(timeMs = Date.now()): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** RFC 3986, byte by byte. */
function encode(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-_.~]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

export function encodePairs(params: Params): string {
  return Object.keys(params)
    .sort()
    .map((name) => `${encode(name)}=${encode(params[name] ?? '')}`)
    .join('&');
}

/** The common parameters of a V1 request. */
export function commonV1(accessKeyId: string, action: string, timeMs = Date.now()): Record<string, string> {
  return {
    Action: action,
    Version: '2016-01-20',
    Format: 'JSON',
    AccessKeyId: accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    Timestamp: utcSeconds(timeMs),
  };
}

export function signatureV1(method: string, params: Params, secret: string): string {
  const stringToSign = `${method}&${encode('/')}&${encode(encodePairs(params))}`;
  return createHmac('sha1', `${secret}&`).update(stringToSign, 'utf8').digest('base64');
}

/** V1 with every parameter in the query. */
export function getV1(credentials: Credentials, action: string, params: Params = {}): RawRequest {
  const all = { ...commonV1(credentials.accessKeyId, action), ...params };
  const signed = { ...all, Signature: signatureV1('GET', all, credentials.accessKeySecret) };
  return { method: 'GET', path: `/?${encodePairs(signed)}`, headers: {}, body: '' };
}

/** V1 with every parameter in a form body. */
export function postV1(credentials: Credentials, action: string, params: Params = {}): RawRequest {
  const all = { ...commonV1(credentials.accessKeyId, action), ...params };
  const signed = { ...all, Signature: signatureV1('POST', all, credentials.accessKeySecret) };
  return { method: 'POST', path: '/', headers: { 'content-type': FORM }, body: encodePairs(signed) };
}

export interface V3Options {
  readonly method?: string;
  readonly query?: Params;
  readonly form?: Params;
  readonly timeMs?: number;
  readonly nonce?: string;
  readonly host?: string;
  readonly version?: string;
  /** Merged over the headers before they are signed. */
  readonly headers?: Params;
  /** Left out of the signed headers, but sent. */
  readonly unsigned?: readonly string[];
  /** Order of the signed headers. */
  readonly order?: (names: string[]) => string[];
}

/** V3, signed for `host`. */
export function signV3(credentials: Credentials, action: string, options: V3Options = {}): RawRequest {
  const { method = 'POST', query = {}, form = {}, host = 'kms.test', unsigned = [] } = options;
  const body = encodePairs(form);
  const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
  const headers: Record<string, string> = {
    host,
    'x-acs-action': action,
    'x-acs-version': options.version ?? '2016-01-20',
    'x-acs-date': utcSeconds(options.timeMs),
    'x-acs-signature-nonce': options.nonce ?? randomUUID(),
    'x-acs-content-sha256': sha256(body),
    ...(body === '' ? {} : { 'content-type': FORM }),
    ...options.headers,
  };
  const order = options.order ?? ((names: string[]) => names.sort());
  const names = order(Object.keys(headers).filter((name) => !unsigned.includes(name)));
  const canonicalHeaders = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const canonical = [method, '/', encodePairs(query), canonicalHeaders, names.join(';'), sha256(body)];
  const signature = createHmac('sha256', credentials.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical.join('\n'))}`)
    .digest('hex');
  headers['authorization'] =
    `ACS3-HMAC-SHA256 Credential=${credentials.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  const queryText = encodePairs(query);
  return { method, path: queryText === '' ? '/' : `/?${queryText}`, headers, body };
}

/** Sends a request over a connection of its own; with TLS, `ca` alone is trusted. */
export function send(endpoint: string, request: RawRequest, ca?: string): Promise<Answer> {
  const { method, path, headers, body } = request;
  return new Promise((resolve, reject) => {
    const { hostname, port, protocol } = new URL(endpoint);
    // The certificate is for where we connect, whatever the host header says.
    const servername = isIP(hostname) ? '' : hostname;
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body).toString() };
    const sent = (protocol === 'https:' ? https : http).request(
      { hostname, port, method, path, headers: { ...length, ...headers }, agent: false, ca, servername },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const json = JSON.parse(text) as Record<string, unknown>;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
