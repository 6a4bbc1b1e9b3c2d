/**
 * The KMS client on the vendor's SDK: request and response models of `@alicloud/kms20160120`, credentials and
 * signatures of the OpenAPI core, sent through the transport of this folder. Base64 and paging end here.
 *
 * Loading this file loads the SDK: commands import it inside the function that needs it.
 */

import * as kms from '@alicloud/kms20160120';
import { cast, type Model } from '@alicloud/tea-typescript';
import { encodeBase64 } from '../crypto/encoding.js';
import { VERSION } from '../version.js';
import { CallError } from './call-error.js';
import type {
  CreateKeyInput,
  DecryptOutput,
  EncryptOutput,
  KeyMetadata,
  KeyVersion,
  KeyVersionRef,
  KmsClient,
  KmsClientOptions,
  PublicKeyOutput,
} from './client.js';
import { CredentialChain } from './credentials/chain.js';
import { resolveEndpoint } from './endpoint.js';
import { Fields } from './fields.js';
import { HttpChannel } from './http.js';
import { CreateInstanceKeyRequest, tagsParameter } from './models.js';
import { keyMetadata, type Loose, resolved } from './outputs.js';
import { type RetryOptions, withRetry } from './retry.js';
import { KmsTransport } from './transport.js';

const VERSIONS_PER_PAGE = 100;
/** Fifty versions per key is the documented limit; this is far above and keeps a broken service from looping us. */
const MAX_PAGES = 20;

/** What a client takes besides its options: cancellation, and a clock and dice for tests. */
export type ClientHooks = Pick<RetryOptions, 'signal' | 'sleep' | 'random'>;

/**
 * A client for the service at the endpoint or region of `options`. Nothing is sent and no credentials are looked for yet.
 * Throws `configuration` for a malformed endpoint, region, proxy or authority file.
 */
export async function createSdkClient(
  options: KmsClientOptions,
  hooks: ClientHooks = {},
): Promise<KmsClient> {
  const env = options.env ?? process.env;
  const endpoint = resolveEndpoint(options);
  const channel = new HttpChannel({ ...options, env });
  await channel.route(new URL(endpoint.origin));
  const credentials = new CredentialChain({ ...options, env }, channel);
  const transport = new KmsTransport({ endpoint, credentials, channel, userAgent: `kms-asym/${VERSION}` });
  return new SdkClient(transport, channel, { ...options, ...hooks });
}

class SdkClient implements KmsClient {
  readonly #transport: KmsTransport;
  readonly #channel: HttpChannel;
  readonly #retry: RetryOptions;

  constructor(transport: KmsTransport, channel: HttpChannel, retry: RetryOptions) {
    this.#transport = transport;
    this.#channel = channel;
    this.#retry = retry;
  }

  async createKey({ instanceId, tags, ...input }: CreateKeyInput): Promise<KeyMetadata> {
    const request = new CreateInstanceKeyRequest({
      ...input,
      dkmsInstanceId: instanceId,
      tags: tagsParameter(tags),
    });
    try {
      const answer = await this.#call('CreateKey', request, new kms.CreateKeyResponse({}));
      return keyMetadata('CreateKey', answer);
    } catch (error) {
      if (!(error instanceof CallError) || !error.facts.mayHaveActed) throw error;
      throw error.withHint(
        'the key may exist all the same: look before you try again, "aliyun kms ListKeys"',
      );
    }
  }

  async describeKey(keyId: string): Promise<KeyMetadata> {
    const request = new kms.DescribeKeyRequest({ keyId });
    return keyMetadata(
      'DescribeKey',
      await this.#call('DescribeKey', request, new kms.DescribeKeyResponse({})),
    );
  }

  async listKeyVersions(keyId: string): Promise<readonly KeyVersion[]> {
    const versions = new Map<string, KeyVersion>();
    for (let pageNumber = 1; pageNumber <= MAX_PAGES; pageNumber++) {
      const { page, totalCount } = await this.#versionsPage(keyId, pageNumber);
      for (const version of page) versions.set(version.keyVersionId, version);
      if (page.length === 0 || versions.size >= totalCount) return newestFirst([...versions.values()]);
    }
    throw new Fields('ListKeyVersions').invalid('TotalCount');
  }

  async #versionsPage(
    keyId: string,
    pageNumber: number,
  ): Promise<{ page: KeyVersion[]; totalCount: number }> {
    const request = new kms.ListKeyVersionsRequest({ keyId, pageNumber, pageSize: VERSIONS_PER_PAGE });
    const response = new kms.ListKeyVersionsResponse({});
    const answer: Loose<typeof response> = await this.#call('ListKeyVersions', request, response);
    const fields = new Fields('ListKeyVersions');
    const { totalCount } = answer;
    const list: Loose<kms.ListKeyVersionsResponseKeyVersions> | undefined = answer.keyVersions;
    if (list?.keyVersion === undefined) throw fields.invalid('KeyVersions');
    if (totalCount === undefined || !Number.isSafeInteger(totalCount)) throw fields.invalid('TotalCount');
    const page = list.keyVersion.map((version) => ({
      keyId: fields.token(version.keyId, 'KeyId'),
      keyVersionId: fields.token(version.keyVersionId, 'KeyVersionId'),
      creationDate: fields.date(version.creationDate, 'CreationDate'),
    }));
    return { page, totalCount };
  }

  async getPublicKey(ref: KeyVersionRef): Promise<PublicKeyOutput> {
    const request = new kms.GetPublicKeyRequest({ ...ref });
    const answer = await this.#call('GetPublicKey', request, new kms.GetPublicKeyResponse({}));
    const fields = new Fields('GetPublicKey');
    return {
      ...resolved(fields, ref, answer),
      publicKeyPem: fields.publicKeyPem(answer.publicKey, 'PublicKey'),
    };
  }

  async asymmetricEncrypt(
    ref: KeyVersionRef,
    algorithm: string,
    plaintext: Uint8Array,
  ): Promise<EncryptOutput> {
    const request = new kms.AsymmetricEncryptRequest({
      ...ref,
      algorithm,
      plaintext: encodeBase64(plaintext),
    });
    const answer = await this.#call('AsymmetricEncrypt', request, new kms.AsymmetricEncryptResponse({}));
    const fields = new Fields('AsymmetricEncrypt');
    return {
      ...resolved(fields, ref, answer),
      ciphertext: fields.bytes(answer.ciphertextBlob, 'CiphertextBlob'),
    };
  }

  async asymmetricDecrypt(
    ref: KeyVersionRef,
    algorithm: string,
    ciphertext: Uint8Array,
  ): Promise<DecryptOutput> {
    const ciphertextBlob = encodeBase64(ciphertext);
    const request = new kms.AsymmetricDecryptRequest({ ...ref, algorithm, ciphertextBlob });
    const answer = await this.#call('AsymmetricDecrypt', request, new kms.AsymmetricDecryptResponse({}));
    const fields = new Fields('AsymmetricDecrypt');
    const plaintext = fields.bytes(answer.plaintext, 'Plaintext');
    // Padding makes every ciphertext longer than what is in it.
    if (plaintext.length >= ciphertext.length) throw fields.invalid('Plaintext');
    return { ...resolved(fields, ref, answer), plaintext };
  }

  async createAlias(keyId: string, aliasName: string): Promise<void> {
    const request = new kms.CreateAliasRequest({ keyId, aliasName });
    await this.#call('CreateAlias', request, new kms.CreateAliasResponse({}));
  }

  close(): void {
    this.#channel.close();
  }

  /** One action with retries; the answer is cast to the model, its members are still to be checked. */
  async #call<T extends Model>(action: string, request: Model, response: T): Promise<T> {
    const attempt = async (signal: AbortSignal): Promise<T> => {
      const answer = await this.#transport.invoke(action, request.toMap(), signal);
      try {
        return cast(answer.body, response);
      } catch {
        throw new Fields(action).invalid('shape');
      }
    };
    return withRetry({ action, repeatable: action !== 'CreateKey', attempt }, this.#retry);
  }
}

function newestFirst(versions: readonly KeyVersion[]): KeyVersion[] {
  return versions.toSorted((a, b) => Date.parse(b.creationDate) - Date.parse(a.creationDate));
}
