/** The clients of one run: one for each region, made when the region is first asked for. */
import type { KmsClient } from '../kms/client.js';
import type { Context } from './context.js';
import type { GlobalOptions } from './options.js';
import { openKms, type ClientManners } from './settings.js';

/** Keeps clients until {@link KmsClients.close}. */
export class KmsClients {
  readonly #clients = new Map<string | undefined, Promise<KmsClient>>();

  constructor(
    private readonly context: Context,
    private readonly options: GlobalOptions,
    private readonly manners?: ClientManners,
  ) {}

  /**
   * The client for a region; `undefined` is for an endpoint that was named instead.
   *
   * @throws KmsAsymError as connecting does
   */
  in(region: string | undefined): Promise<KmsClient> {
    const known = this.#clients.get(region) ?? openKms(this.context, this.options, region, this.manners);
    this.#clients.set(region, known);
    return known;
  }

  /** Closes every client that was made. */
  async close(): Promise<void> {
    for (const result of await Promise.allSettled(this.#clients.values())) {
      if (result.status === 'fulfilled') result.value.close();
    }
    this.#clients.clear();
  }
}
