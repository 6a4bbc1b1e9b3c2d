/**
 * Where the script for the real service plays: the program's own command line, single calls with whatever answers they
 * get, and a list of what has to be cleaned up. It plays against the emulator, too, which is how the script is tested.
 */
import { main } from '../../src/cli/main.js';
import { KmsAsymError } from '../../src/errors.js';
import { CredentialChain } from '../../src/kms/credentials/chain.js';
import { resolveEndpoint } from '../../src/kms/endpoint.js';
import { HttpChannel, type HttpAnswer, type HttpRequest } from '../../src/kms/http.js';
import { KmsTransport } from '../../src/kms/transport.js';
import { memoryStdio } from '../cli/memory-stdio.js';

/** An answer of any kind. */
export interface Answer {
  /** Members of the body, of a success or an error. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
}

export interface StageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly region: string;
  readonly endpoint?: string;
  /** For accounts whose keys have to live in one. */
  readonly instanceId?: string;
  /** Told what a person should see. */
  readonly say: (line: string) => void;
}

const PATIENCE = { connectTimeoutMs: 10_000, readTimeoutMs: 30_000 };

export class Stage {
  readonly say: StageOptions['say'];
  readonly instanceId: string | undefined;
  readonly #options: StageOptions;
  readonly #channel: HttpChannel;
  readonly #keys = new Set<string>();
  readonly #aliases = new Set<string>();
  calls = 0;

  constructor(options: StageOptions) {
    this.#options = options;
    this.say = options.say;
    this.instanceId = options.instanceId;
    this.#channel = new HttpChannel({ ...PATIENCE, env: options.env });
  }

  /** Runs a command line of ours that has to succeed: its stdout. */
  async run(argv: readonly string[], stdin: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
    const { env, region } = this.#options;
    const stdio = memoryStdio(stdin);
    const status = await main([...argv, '--region', region], {
      stdio,
      env,
      interceptSignals: () => () => undefined,
    });
    if (status !== 0)
      throw new Error(`${argv.join(' ')}: exit ${status}\n${stdio.output('stderr').toString()}`);
    return stdio.output('stdout');
  }

  /** One signed call, as it is answered; `secret` in place of the real one, to see what a wrong one gets. */
  async call(action: string, parameters: Record<string, unknown>, secret?: string): Promise<Answer> {
    const { env, region, endpoint } = this.#options;
    this.calls++;
    let raw: HttpAnswer | undefined;
    const channel = {
      send: async (request: HttpRequest): Promise<HttpAnswer> => (raw = await this.#channel.send(request)),
    };
    const wrong = { ...env, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret };
    const credentials = new CredentialChain({ env: secret === undefined ? env : wrong }, this.#channel);
    const where = resolveEndpoint({ region, ...(endpoint !== undefined && { endpoint }) });
    const transport = new KmsTransport({
      endpoint: where,
      credentials,
      channel,
      userAgent: 'kms-asym-cloud-test',
    });
    try {
      await transport.invoke(action, parameters);
    } catch (error) {
      if (!(error instanceof KmsAsymError) || raw === undefined) throw error;
    }
    if (raw === undefined) throw new Error(`${action} got no answer`);
    return { body: parse(raw.body), status: raw.status, headers: raw.headers };
  }

  /** A new key, which is going to be cleaned up; throws when it is refused. */
  async createKey(parameters: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.call('CreateKey', this.keyParameters(parameters));
    const { KeyId } = (answer.body['KeyMetadata'] ?? {}) as { KeyId?: string };
    if (KeyId === undefined) throw new Error(`CreateKey was refused: ${JSON.stringify(answer.body)}`);
    this.adoptKey(KeyId);
    return KeyId;
  }

  keyParameters(parameters: Record<string, unknown>): Record<string, unknown> {
    return {
      KeySpec: 'RSA_2048',
      KeyUsage: 'ENCRYPT/DECRYPT',
      Description: 'kms-asym test, may be deleted',
      ...(this.instanceId !== undefined && { DKMSInstanceId: this.instanceId }),
      ...parameters,
    };
  }

  adoptKey(keyId: string): void {
    this.#keys.add(keyId);
    this.say(`created key ${keyId}`);
  }

  adoptAlias(aliasName: string): void {
    this.#aliases.add(aliasName);
  }

  /** Removes aliases and schedules the deletion of every key, for the soonest day there is. */
  async cleanUp(): Promise<void> {
    for (const alias of this.#aliases) await this.#attempt(`alias ${alias}`, () => this.#deleteAlias(alias));
    for (const key of this.#keys) await this.#attempt(`key ${key}`, () => this.#deleteKey(key));
    this.#channel.close();
  }

  /** One thing that cannot be cleaned up must not keep the rest. */
  async #attempt(what: string, clean: () => Promise<void>): Promise<void> {
    await clean().catch((error: unknown) => {
      this.say(`NOT DELETED: ${what}: ${String(error)}`);
    });
  }

  async #deleteAlias(AliasName: string): Promise<void> {
    const { status, body } = await this.call('DeleteAlias', { AliasName });
    if (status !== 200) throw new Error(JSON.stringify(body));
  }

  async #deleteKey(KeyId: string): Promise<void> {
    const { status, body } = await this.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
    const { KeyMetadata } = (await this.call('DescribeKey', { KeyId })).body as {
      KeyMetadata?: { KeyState?: string };
    };
    if (status !== 200 && KeyMetadata?.KeyState !== 'PendingDeletion') throw new Error(JSON.stringify(body));
    this.say(`key ${KeyId} will be deleted in seven days`);
  }
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return { notJson: body.toString().slice(0, 200) };
  }
}
