/**
 * The credentials of a client: of the first place that is set up, else of the ECS instance that it may run on.
 *
 * A place that is set up and fails ends the search with its error: to go on would quietly act as somebody else.
 */

import { KmsAsymError } from '../../errors.js';
import { abortError } from '../call-error.js';
import type { HttpChannel } from '../http.js';
import { type CredentialProvider, type Credentials, requireSendable } from './credentials.js';
import { instanceRole, isMetadataOff, isOtherHardware, METADATA_SWITCH } from './instance-role.js';
import { type CredentialChoice, setUpProvider } from './places.js';
import { aliyunVariable } from '../environment.js';

const HALF_PAIRS = [
  ['ACCESS_KEY_ID', 'ACCESS_KEY_SECRET'],
  ['ACCESS_KEY_SECRET', 'ACCESS_KEY_ID'],
] as const;

/** Credentials of this moment and the place that has them. */
export interface FoundCredentials {
  readonly credentials: Credentials;
  readonly provider: CredentialProvider;
}

/** Looks once for a place that has credentials, and then stays with it. */
export class CredentialChain {
  readonly #choice: CredentialChoice;
  readonly #channel: HttpChannel;
  #provider: CredentialProvider | undefined;
  #underWay: Promise<FoundCredentials> | undefined;

  /**
   * @param channel - carries the requests of places that have to ask somebody
   * @param isElsewhere - whether it is certain that this is no ECS instance
   */
  constructor(
    choice: CredentialChoice,
    channel: HttpChannel,
    private readonly isElsewhere = isOtherHardware,
  ) {
    this.#choice = choice;
    this.#channel = channel;
  }

  /**
   * The credentials of this moment; calls side by side share one look-up. `signal` ends the wait for them. Rejects with
   * `credentials`, or with what a token service or the way to it has to say.
   */
  find(signal?: AbortSignal): Promise<FoundCredentials> {
    this.#underWay ??= this.#find().finally(() => {
      this.#underWay = undefined;
    });
    return unlessAborted(this.#underWay, signal);
  }

  async #find(): Promise<FoundCredentials> {
    const provider = this.#provider ?? setUpProvider(this.#choice, this.#channel);
    const found = await (provider === undefined ? this.#askInstance() : readFrom(provider));
    this.#provider = found.provider;
    return found;
  }

  /** Nothing is set up; but this may be an instance that has a role. */
  async #askInstance(): Promise<FoundCredentials> {
    const { env } = this.#choice;
    if (isMetadataOff(env) || this.isElsewhere()) throw noCredentials(env, false);
    return readFrom(instanceRole(undefined, env, this.#channel)).catch(() => {
      throw noCredentials(env, true);
    });
  }
}

function noCredentials(env: NodeJS.ProcessEnv, asked: boolean): KmsAsymError {
  const half = HALF_PAIRS.find(([name, other]) => aliyunVariable(env, name) && !aliyunVariable(env, other));
  return new KmsAsymError('credentials', 'no credentials found', {
    hints: [
      ...(half ? [`ALIBABA_CLOUD_${half[0]} is set, but ALIBABA_CLOUD_${half[1]} is not`] : []),
      'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run "aliyun configure"',
      `looked at: environment, OIDC variables, ~/.aliyun/config.json, ~/.alibabacloud/credentials${asked ? ', metadata service of ECS' : ''}`,
      ...(asked ? [`outside ECS, ${METADATA_SWITCH}=true saves asking its metadata service`] : []),
    ],
  });
}

async function readFrom(provider: CredentialProvider): Promise<FoundCredentials> {
  return { credentials: requireSendable(await provider.read()), provider };
}

/** `work` goes on when `signal` ends the wait for it: others may be waiting too. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(abortError(signal));
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
