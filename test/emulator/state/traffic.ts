/**
 * Mixed calls to an emulator that may be killed at any moment, and what it has acknowledged: a call that was answered
 * counts, a call that was not may have happened or not.
 */
import { constants, createHash, createPublicKey, publicEncrypt, randomInt, verify } from 'node:crypto';
import http from 'node:http';
import { type Credentials, type Params, signV3 } from '../signer.js';

export type Target = Credentials & { readonly endpoint: string };

interface KnownKey {
  readonly KeyId: string;
  readonly KeyVersionId: string;
  readonly publicKeyPem: string;
  readonly isRsa: boolean;
}

type Json = Record<string, unknown>;

/** No answer: the connection broke. */
class NoAnswer extends Error {}

/** A correctly signed call over a kept connection. */
async function call(
  target: Target,
  agent: http.Agent,
  action: string,
  query: Params = {},
): Promise<{ status: number; json: Json }> {
  const { method, path, headers } = signV3(target, action, { query });
  const { hostname, port } = new URL(target.endpoint);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new NoAnswer('no answer', { cause }));
    const request = http.request({ hostname, port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('close', () => {
        if (!response.complete) fail(undefined);
        else {
          const json = JSON.parse(Buffer.concat(chunks).toString()) as Json;
          resolve({ status: response.statusCode ?? 0, json });
        }
      });
    });
    request.on('error', fail);
    request.end();
  });
}

/** Codes that say nothing about the state: trouble made on purpose. */
const TROUBLE = new Set(['Rejected.Throttling', 'InternalFailure', 'ServiceUnavailableTemporary']);

/** So many there are soon, and remain, whatever the dice say: a state with little in it could lose little. */
const FEW_KEYS = 10;
const FEW_ALIASES = 20;

/** The acknowledged state of an emulator, and calls that change or check it. */
export class Traffic {
  readonly keys: KnownKey[] = [];
  /** Acknowledged aliases; `undefined` when an unanswered call may have changed them. */
  readonly aliases = new Map<string, string | undefined>();
  readonly problems: string[] = [];
  calls = 0;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  #aliasCount = 0;
  target: Target;

  constructor(target: Target) {
    this.target = target;
  }

  /** One call; `undefined` when it was not answered or met trouble. A refusal `expected` is an answer. */
  async #call(action: string, query: Params = {}, expected?: string): Promise<Json | undefined> {
    this.calls += 1;
    try {
      const { status, json } = await call(this.target, this.#agent, action, query);
      if (status === 200 || json['Code'] === expected) return json;
      if (!TROUBLE.has(String(json['Code']))) {
        this.problems.push(`${action} ${JSON.stringify(query).slice(0, 200)}: ${String(json['Code'])}`);
      }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    return undefined;
  }

  /** As {@link #call}, until it is answered. */
  async #insist(action: string, query: Params): Promise<Json> {
    for (let tries = 0; tries < 200; tries += 1) {
      const { length } = this.problems;
      const json = await this.#call(action, query);
      if (json !== undefined) return json;
      if (this.problems.length > length) return {};
    }
    throw new Error(`${action} was never answered`);
  }

  async createKey(KeySpec: string, ProtectionLevel: string): Promise<void> {
    const isRsa = KeySpec.startsWith('RSA');
    const KeyUsage = isRsa ? 'ENCRYPT/DECRYPT' : 'SIGN/VERIFY';
    const created = await this.#call('CreateKey', { KeySpec, KeyUsage, ProtectionLevel });
    if (created === undefined) return;
    const { KeyId } = created['KeyMetadata'] as { KeyId: string };
    // From here on the key is acknowledged, whatever happens to the calls that look it up.
    const key = { KeyId, KeyVersionId: '', publicKeyPem: '', isRsa };
    this.keys.push(key);
    await this.#complete(key);
  }

  /** Looks up what is needed to use a key, as soon as the emulator answers. */
  async #complete(key: { -readonly [Name in keyof KnownKey]: KnownKey[Name] }): Promise<boolean> {
    const { KeyId } = key;
    const versions = await this.#call('ListKeyVersions', { KeyId });
    const list = versions?.['KeyVersions'] as { KeyVersion: { KeyVersionId: string }[] } | undefined;
    const KeyVersionId = list?.KeyVersion[0]?.KeyVersionId;
    if (KeyVersionId === undefined) return false;
    const answer = await this.#call('GetPublicKey', { KeyId, KeyVersionId });
    if (answer === undefined) return false;
    key.publicKeyPem = String(answer['PublicKey']);
    key.KeyVersionId = KeyVersionId;
    return true;
  }

  async createAlias(): Promise<void> {
    const key = this.#anyKey();
    if (key === undefined) return;
    const AliasName = `alias/${(this.#aliasCount += 1)}`;
    const answer = await this.#call('CreateAlias', { AliasName, KeyId: key.KeyId });
    if (answer) this.aliases.set(AliasName, key.KeyId);
    else await this.#settleAlias(AliasName);
  }

  async updateAlias(): Promise<void> {
    const [AliasName, key] = [this.#anyAlias(), this.#anyKey()];
    if (AliasName === undefined || key === undefined) return;
    this.aliases.set(AliasName, undefined);
    const answer = await this.#call('UpdateAlias', { AliasName, KeyId: key.KeyId });
    if (answer) this.aliases.set(AliasName, key.KeyId);
    else await this.#settleAlias(AliasName);
  }

  async deleteAlias(): Promise<void> {
    const AliasName = this.#anyAlias();
    if (AliasName === undefined) return;
    this.aliases.set(AliasName, undefined);
    if (await this.#call('DeleteAlias', { AliasName })) this.aliases.delete(AliasName);
    else await this.#settleAlias(AliasName);
  }

  /** Finds out what an alias is after a call that was not answered: what a reader has seen must not be lost either. */
  async #settleAlias(AliasName: string): Promise<boolean> {
    this.aliases.set(AliasName, undefined);
    const answer = await this.#call('DescribeKey', { KeyId: AliasName }, 'Forbidden.AliasNotFound');
    if (answer === undefined) return false;
    const metadata = answer['KeyMetadata'] as { KeyId: string } | undefined;
    if (metadata) this.aliases.set(AliasName, metadata.KeyId);
    else this.aliases.delete(AliasName);
    return true;
  }

  async describe(): Promise<void> {
    const key = this.#anyKey();
    if (key) await this.#call('DescribeKey', { KeyId: key.KeyId });
  }

  async list(): Promise<void> {
    await this.#call(randomInt(2) === 0 ? 'ListKeys' : 'ListAliases', { PageSize: '100' });
  }

  /** A decryption or a signature with a key at random. */
  async use(): Promise<void> {
    const key = this.#anyKey();
    if (key) await this.#useKey(key, (action, query) => this.#call(action, query));
  }

  /** Calls of all kinds, `count` of them, `width` at once. */
  async run(count: number, width: number, isOver: () => boolean = () => false): Promise<void> {
    const end = this.calls + count;
    const lane = async (): Promise<void> => {
      while (this.calls < end && !isOver()) await this.#step();
    };
    await Promise.all(Array.from({ length: width }, lane));
  }

  async #step(): Promise<void> {
    if (this.keys.length < FEW_KEYS) return this.#createAnyKey();
    const dice = randomInt(100);
    if (dice < 6) return this.aliases.size < 150 ? this.createAlias() : this.deleteAlias();
    if (dice < 10) return this.updateAlias();
    if (dice < 14) return this.aliases.size > FEW_ALIASES ? this.deleteAlias() : this.createAlias();
    if (dice < 15 && this.keys.length < 100) return this.#createAnyKey();
    if (dice < 45) return this.describe();
    if (dice < 60) return this.list();
    return this.use();
  }

  #createAnyKey(): Promise<void> {
    const spec = randomInt(8) === 0 ? 'RSA_2048' : randomInt(2) === 0 ? 'EC_P256' : 'EC_P256K';
    return this.createKey(spec, randomInt(2) === 0 ? 'HSM' : 'SOFTWARE');
  }

  /** Everything that was acknowledged is there, and every key works. Adds to `problems` what is not. */
  async check(): Promise<void> {
    const insist = (action: string, query: Params) => this.#insist(action, query);
    for (const key of this.keys) {
      while (key.KeyVersionId === '' && !(await this.#complete(key))) {
        if (this.problems.length > 0) return;
      }
      await this.#useKey(key, insist);
    }
    for (const [AliasName, KeyId] of this.aliases) {
      if (KeyId === undefined) {
        while (!(await this.#settleAlias(AliasName)) && this.problems.length === 0);
        continue;
      }
      const { KeyMetadata } = await insist('DescribeKey', { KeyId: AliasName });
      const found = (KeyMetadata as { KeyId?: string } | undefined)?.KeyId;
      if (found !== KeyId) this.problems.push(`${AliasName} is ${String(found)}, not ${KeyId}`);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #useKey(
    { KeyId, KeyVersionId, publicKeyPem, isRsa }: KnownKey,
    send: (action: string, query: Params) => Promise<Json | undefined>,
  ): Promise<void> {
    if (KeyVersionId === '') return;
    const publicKey = createPublicKey(publicKeyPem);
    if (isRsa) {
      const message = `for ${KeyId}`;
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const block = publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, Buffer.from(message));
      const query = { KeyId, KeyVersionId, Algorithm: 'RSAES_OAEP_SHA_256' };
      const answer = await send('AsymmetricDecrypt', { ...query, CiphertextBlob: block.toString('base64') });
      if (!answer) return;
      const plaintext = Buffer.from(String(answer['Plaintext']), 'base64').toString();
      if (plaintext !== message) this.problems.push(`${KeyId} decrypts to something else`);
    } else {
      const digest = createHash('sha256').update(KeyId).digest('base64');
      const query = { KeyId, KeyVersionId, Algorithm: 'ECDSA_SHA_256', Digest: digest };
      const answer = await send('AsymmetricSign', query);
      if (!answer) return;
      const signature = Buffer.from(String(answer['Value']), 'base64');
      if (!verify('sha256', Buffer.from(KeyId), publicKey, signature)) {
        this.problems.push(`${KeyId} signs something else`);
      }
    }
  }

  #anyKey(): KnownKey | undefined {
    return this.keys[randomInt(Math.max(1, this.keys.length))];
  }

  /** One whose fate is known, and that no other call is about to change. */
  #anyAlias(): string | undefined {
    const known = [...this.aliases].filter(([, keyId]) => keyId !== undefined);
    return known[randomInt(Math.max(1, known.length))]?.[0];
  }
}
