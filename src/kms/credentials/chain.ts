/**
 * The credentials of a client: of the first place that is set up, else of the ECS instance that it may run on.
 *
 * A place that is set up and fails ends the search with its error: to go on would quietly act as somebody else.
 */

import { KmsAsymError } from '../../errors.js';
import { abortError, CallError } from '../call-error.js';
import type { HttpChannel } from '../http.js';
import { type CredentialProvider, type Credentials, requireSendable } from './credentials.js';
import { instanceRole, isMetadataOff, isOtherHardware, METADATA_SWITCH } from './instance-role.js';
import { type CredentialChoice, setUpProvider } from './places.js';
import { SharedWork } from './shared-work.js';
import { aliyunVariable } from '../environment.js';

/** Variables that are of use together only. */
const TOGETHER = [
  ['ACCESS_KEY_ID', 'ACCESS_KEY_SECRET'],
  ['OIDC_TOKEN_FILE', 'OIDC_PROVIDER_ARN', 'ROLE_ARN'],
];

/** Credentials of this moment and the place that has them. */
export interface FoundCredentials {
  readonly credentials: Credentials;
  readonly provider: CredentialProvider;
}

/** Looks once for a place that has credentials, and then stays with it. */
export class CredentialChain {
  readonly #choice: CredentialChoice;
  #provider: CredentialProvider | undefined;
  #lookUp: SharedWork<FoundCredentials> | undefined;
  #lasting: Promise<FoundCredentials> | undefined;
  /** Title of the place that is asked. */
  #asked = 'the role of an ECS instance';

  /**
   * @param channel - carries the requests of places that have to ask somebody
   * @param isElsewhere - whether it is certain that this is no ECS instance
   */
  constructor(
    { profile, env }: Pick<CredentialChoice, 'profile' | 'env'>,
    channel: HttpChannel,
    private readonly isElsewhere = isOtherHardware,
  ) {
    this.#choice = { profile, env, channel };
  }

  /**
   * The credentials of this moment; calls side by side share one look-up. `signal` ends the wait for them, and the look-up
   * when nobody else waits. Rejects with `credentials`, or with what a token service or the way to it has to say.
   */
  find(signal?: AbortSignal): Promise<FoundCredentials> {
    if (this.#lasting) return this.#lasting;
    if (this.#lookUp?.isOver !== false) this.#lookUp = new SharedWork((ended) => this.#find(ended));
    return this.#lookUp.wait(signal, () => {
      const error = abortError(signal);
      if (!(error instanceof CallError)) return error;
      return error.withHint(`it waited for credentials from ${this.#asked}`);
    });
  }

  async #find(signal: AbortSignal): Promise<FoundCredentials> {
    const provider = this.#provider ?? setUpProvider(this.#choice);
    if (provider !== undefined) this.#asked = provider.title;
    const found = await (provider === undefined ? this.#askInstance(signal) : readFrom(provider, signal));
    this.#provider = found.provider;
    if (found.provider.isLasting === true) this.#lasting = Promise.resolve(found);
    return found;
  }

  /** Nothing is set up; but this may be an instance that has a role. */
  async #askInstance(signal: AbortSignal): Promise<FoundCredentials> {
    const { env } = this.#choice;
    if (isMetadataOff(env) || this.isElsewhere()) throw noCredentials(env, false);
    return readFrom(instanceRole(undefined, this.#choice), signal).catch(() => {
      throw noCredentials(env, true);
    });
  }
}

function noCredentials(env: NodeJS.ProcessEnv, asked: boolean): KmsAsymError {
  return new KmsAsymError('credentials', 'no credentials found', {
    hints: [
      ...TOGETHER.flatMap((names) => incomplete(names, env)),
      'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run "aliyun configure"',
      `looked at: environment, OIDC variables, ~/.aliyun/config.json, ~/.alibabacloud/credentials${asked ? ', metadata service of ECS' : ''}`,
      ...(asked ? [`outside ECS, ${METADATA_SWITCH}=true saves asking its metadata service`] : []),
    ],
  });
}

function incomplete(names: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const isSet = (name: string): boolean => aliyunVariable(env, name) !== undefined;
  const set = names.find(isSet);
  const missing = names.find((name) => !isSet(name));
  if (set === undefined || missing === undefined) return [];
  return [`ALIBABA_CLOUD_${set} is set, but ALIBABA_CLOUD_${missing} is not`];
}

async function readFrom(provider: CredentialProvider, signal: AbortSignal): Promise<FoundCredentials> {
  return { credentials: requireSendable(await provider.read(signal), provider.title), provider };
}
