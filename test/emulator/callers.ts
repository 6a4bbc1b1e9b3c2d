/** Unmodified clients of the vendor, and requests signed by hand, behind one function per action. */
import * as kms from '@alicloud/kms20160120';
import * as openApi from '@alicloud/openapi-client';
import * as teaUtil from '@alicloud/tea-util';
import { type Credentials, getV1, postV1, type RawRequest, send, signV3 } from './signer.js';

/** Node hands an ES module the whole `module.exports` of CommonJS as the default, other loaders its `default`. */
function defaultOf<T>(exported: T | { readonly default: T }): T {
  return typeof exported === 'object' && exported !== null && 'default' in exported
    ? exported.default
    : exported;
}
const KmsClient = defaultOf(kms.default);
const OpenApiClient = defaultOf(openApi.default);

/** Where the clients find the emulator. */
export interface Target extends Credentials {
  readonly endpoint: string;
}

type Body = Record<string, unknown>;

/** Calls one action; rejects with an error whose `code` is the service's, of one SDK with `Error` behind it. */
export type CallAction = (action: string, query: Record<string, string>) => Promise<Body>;

const configOf = ({ accessKeyId, accessKeySecret, endpoint }: Target) => ({
  accessKeyId,
  accessKeySecret,
  endpoint: endpoint.replace('http://', ''),
  protocol: 'http',
});

/** The current client; `signatureAlgorithm: 'v2'` makes it sign as V1. */
export function openApiCaller(
  target: Target,
  change: { signatureAlgorithm?: string; accessKeySecret?: string } = {},
): CallAction {
  const client = new OpenApiClient(new openApi.Config({ ...configOf(target), ...change }));
  return async (action, query) => {
    const params = new openApi.Params({
      action,
      version: '2016-01-20',
      protocol: 'HTTP',
      pathname: '/',
      method: 'POST',
      authType: 'AK',
      style: 'RPC',
      reqBodyType: 'formData',
      bodyType: 'json',
    });
    const request = new openApi.OpenApiRequest({ query });
    // The client's own copy of tea-util is another one than ours, to the type checker.
    const runtime: object = new teaUtil.RuntimeOptions({});
    const answer = await client.callApi(params, request, runtime as never);
    return answer['body'] as Body;
  };
}

/** The old SDK has a method and a request class for every action, and names its members in lower camel case. */
export function kms2016Caller(target: Target): CallAction {
  const client = new KmsClient(configOf(target) as never);
  return async (action, query) => {
    const members = Object.entries(query).map(([name, value]) => [lowerFirst(name), value]);
    const Request = (kms as unknown as Record<string, new (members: object) => object>)[`${action}Request`];
    const method = (client as unknown as Record<string, (request: object) => Promise<{ toMap(): Body }>>)[
      lowerFirst(action)
    ];
    if (!Request || !method) throw new Error(`no ${action} in the SDK`);
    return (await method.call(client, new Request(Object.fromEntries(members) as object))).toMap();
  };
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Requests signed by hand: V1 in a GET query, V1 in a form body, V3 with GET. */
export const SIGNERS: Readonly<
  Record<string, (target: Target, action: string, params: Record<string, string>) => RawRequest>
> = {
  'GET with V1': getV1,
  'POST with V1': postV1,
  'GET with V3': (target, action, query) => signV3(target, action, { method: 'GET', query }),
  'POST with V3': (target, action, form) => signV3(target, action, { form }),
};

/** A caller that sends what `sign` makes. */
export function handCaller(target: Target, sign: (typeof SIGNERS)[string]): CallAction {
  return async (action, params) => {
    const { status, json } = await send(target.endpoint, sign(target, action, params));
    if (status === 200) return json;
    throw Object.assign(new Error(String(json['Message'])), { code: json['Code'] });
  };
}
