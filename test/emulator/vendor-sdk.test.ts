import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as kms from '@alicloud/kms20160120';
import * as openApi from '@alicloud/openapi-client';
import * as teaUtil from '@alicloud/tea-util';
import { expect, it, onTestFinished } from 'vitest';
import { runEmulator } from './running.js';

/** Node hands an ES module the whole `module.exports` of CommonJS as the default, other loaders its `default`. */
function defaultOf<T>(exported: T | { readonly default: T }): T {
  return typeof exported === 'object' && exported !== null && 'default' in exported
    ? exported.default
    : exported;
}
const KmsClient = defaultOf(kms.default);
const OpenApiClient = defaultOf(openApi.default);

const running = runEmulator();
const SECRET = 'this is plaintext';

type Body = Record<string, unknown>;

/** One action by an unmodified vendor client. */
type CallAction = (action: string, query: Record<string, string>) => Promise<Body>;

const config = () => ({
  accessKeyId: running.emulator.accessKeyId,
  accessKeySecret: running.emulator.accessKeySecret,
  endpoint: running.emulator.endpoint.replace('http://', ''),
  protocol: 'http',
});

/** The vendor walkthrough's own openssl lines. */
function encryptWithOpenssl(publicKeyPem: string, plaintext: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'kms-asym-openssl-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'plaintext-file.txt'), plaintext);
  writeFileSync(join(dir, 'rsa_publickey.pub'), publicKeyPem);
  const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'];
  execFileSync(
    'openssl',
    [
      ...['pkeyutl', '-encrypt', '-in', 'plaintext-file.txt', '-inkey', 'rsa_publickey.pub', '-pubin'],
      ...options.flatMap((option) => ['-pkeyopt', option]),
      ...['-out', 'plaintext-file.enc'],
    ],
    { cwd: dir },
  );
  return readFileSync(join(dir, 'plaintext-file.enc')).toString('base64');
}

function openApiCaller(change: { signatureAlgorithm?: string; accessKeySecret?: string } = {}): CallAction {
  const client = new OpenApiClient(new openApi.Config({ ...config(), ...change }));
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
function kms2016Caller(): CallAction {
  const client = new KmsClient(config() as never);
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

it.each<[string, () => CallAction]>([
  ['openapi-client with V3', () => openApiCaller()],
  ['openapi-client with signatureAlgorithm v2', () => openApiCaller({ signatureAlgorithm: 'v2' })],
  ['kms20160120 with V1', () => kms2016Caller()],
])('unmodified %s decrypts what openssl encrypted', async (_title, makeCaller) => {
  const call = makeCaller();
  const created = await call('CreateKey', {
    KeySpec: 'RSA_2048',
    KeyUsage: 'ENCRYPT/DECRYPT',
    ProtectionLevel: 'HSM',
  });
  const { KeyId } = created['KeyMetadata'] as { KeyId: string };
  const listed = await call('ListKeyVersions', { KeyId });
  const [version] = (listed['KeyVersions'] as { KeyVersion: { KeyVersionId: string }[] }).KeyVersion;
  const reference = { KeyId, KeyVersionId: version?.KeyVersionId ?? '' };
  const { PublicKey } = (await call('GetPublicKey', reference)) as { PublicKey: string };
  const CiphertextBlob = encryptWithOpenssl(PublicKey, SECRET);
  const Algorithm = 'RSAES_OAEP_SHA_256';
  const decrypted = await call('AsymmetricDecrypt', { ...reference, Algorithm, CiphertextBlob });
  expect(decrypted).toMatchObject(reference);
  expect(Buffer.from(String(decrypted['Plaintext']), 'base64').toString()).toBe(SECRET);
});

it.each(['', 'v2'])(
  'openapi-client (signatureAlgorithm "%s") understands a refusal',
  async (signatureAlgorithm) => {
    const change = { accessKeySecret: 'wrong', ...(signatureAlgorithm && { signatureAlgorithm }) };
    await expect(openApiCaller(change)('ListKeys', {})).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
      data: { HttpStatus: 400 },
    });
  },
);

it('kms20160120 understands a refusal', async () => {
  await expect(kms2016Caller()('DescribeKey', { KeyId: 'key-hzz0' })).rejects.toMatchObject({
    code: 'Forbidden.KeyNotFoundError',
    data: { HttpStatus: 404 },
  });
});

it('kms20160120 lists keys and aliases, though it sends every unset parameter as an empty one', async () => {
  const call = kms2016Caller();
  expect(await call('ListKeys', {})).toMatchObject({ PageNumber: 1, PageSize: 10 });
  expect(await call('ListAliases', {})).toMatchObject({ PageNumber: 1, PageSize: 10 });
});
