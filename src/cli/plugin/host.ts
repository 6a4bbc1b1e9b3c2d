/** What the state machines of the plugin are given: KMS behind imports that wait for the first call. */
import type { PluginHost } from '../../age/plugin/host.js';
import type { Run } from '../context.js';
import { printable, serviceLine } from '../terminal.js';
import { knownError } from '../unexpected-error.js';
import { hintsWithoutFlags } from './hints.js';
import type { Service } from './service.js';

/** Hosts the state machines of one run. */
export class Host implements PluginHost {
  #service: Promise<Service> | undefined;

  /** @param show - shows a line to the person at the client */
  constructor(
    private readonly run: Run,
    private readonly show: (text: string) => void,
  ) {}

  readonly recipientOf: PluginHost['recipientOf'] = async (locator) => {
    return (await this.#load()).recipientOf(locator);
  };

  readonly unwrapFor: PluginHost['unwrapFor'] = (identities) => async (stanza) => {
    return (await this.#load()).unwrap(identities, stanza);
  };

  /** As `kms-asym` says it on stderr, but without its name, since the client puts its own in front, and without flags. */
  readonly explain: PluginHost['explain'] = (error) => {
    const { message, service, hints } = knownError(error);
    const lines = [
      message,
      ...(service ? [serviceLine(service)] : []),
      ...hintsWithoutFlags(hints).map((hint) => `hint: ${hint}`),
    ];
    return lines.map(printable).join('\n');
  };

  /** Closes connections, if any were made. */
  async close(): Promise<void> {
    await (await this.#service)?.close();
  }

  #load(): Promise<Service> {
    this.#service ??= import('./service.js').then(({ Service }) => new Service(this.run, this.show));
    return this.#service;
  }
}
