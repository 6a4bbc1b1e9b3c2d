/** The plugin's calls to KMS. Nobody passes it flags: what `kms-asym` takes from those comes from the environment. */
import type { Candidate } from '../../age/kms-identity.js';
import { KmsRecipient } from '../../age/kms-stanza.js';
import type { KeyLocator } from '../../crypto/key-locator.js';
import { KmsAsymError } from '../../errors.js';
import type { Context, Run } from '../context.js';
import { findEncryptionKey } from '../encryption-keys.js';
import { chooseKeyDemand } from '../key-demand.js';
import { KmsClients } from '../kms-clients.js';
import { ServiceUnwrap } from '../service-unwrap.js';
import { givenRegion, SERVICE_DEFAULTS } from '../settings.js';
import { Terminal } from '../terminal.js';
import { requireAbsoluteFiles } from './file-variables.js';

/** KMS as the environment has it. */
export class Service {
  readonly #context: Context;
  readonly #clients: KmsClients;

  /** @param show - shows a line to the person at the client */
  constructor(run: Run, show: (text: string) => void) {
    this.#context = { ...run, terminal: new ClientTerminal(run, show), argv: [], exitStatus: 0 };
    this.#clients = new KmsClients(this.#context, SERVICE_DEFAULTS);
  }

  /** As `PluginHost.recipientOf`. */
  async recipientOf({ region, keyId, keyVersionId }: KeyLocator): Promise<KmsRecipient> {
    requireAbsoluteFiles(this.#context.env);
    if (keyId === undefined) {
      throw new KmsAsymError('usage', 'the identity stands for any key, so there is no key to encrypt to', {
        hints: ['encrypt to a recipient, as "kms-asym recipient --key-id ID" prints it: -r age1alikms1…'],
      });
    }
    const named = { keyId, ...(keyVersionId !== undefined && { keyVersionId }) };
    const options = { ...SERVICE_DEFAULTS, ...named, ...(region !== undefined && { region }) };
    const { key, ...locator } = await findEncryptionKey(options, this.#context);
    return new KmsRecipient(key, locator);
  }

  /** As the `Unwrap` of `PluginHost.unwrapFor`. */
  async unwrap(identities: readonly KeyLocator[], stanza: Candidate): Promise<Uint8Array | undefined> {
    const { env, terminal } = this.#context;
    requireAbsoluteFiles(env);
    const demand = chooseKeyDemand({}, env);
    const { keyId, region } = stanza.locator ?? stanza.guess ?? {};
    if ((keyId ?? demand.locate(stanza).keyId) === undefined) {
      // Nobody knows whose it is, and an error would keep the client from asking its other identities.
      await terminal.note(NAMELESS);
      return undefined;
    }
    // A region that only the file names has to be a known one.
    const confirmed = [...identities.map((identity) => identity.region), givenRegion({}, env)];
    const isConfirmed = region !== undefined && confirmed.includes(region);
    return new ServiceUnwrap({
      clients: this.#clients,
      context: this.#context,
      options: { ...SERVICE_DEFAULTS, ...(isConfirmed && { region }) },
      demand,
      name: 'the age file',
    }).unwrapGuessed(stanza);
  }

  /** Closes connections. */
  async close(): Promise<void> {
    await this.#clients.close();
  }
}

const NAMELESS =
  'the age file does not say which KMS key opens it; KMS_ASYM_KEY_ID=ID does, or an identity of the key: kms-asym identity --key-id ID';

/** Notes and warnings go to the person at the client; stderr is hidden from everybody. */
class ClientTerminal extends Terminal {
  constructor(
    { stdio, env }: Run,
    private readonly show: (text: string) => void,
  ) {
    super(stdio, env, { json: false, quiet: false, verbose: false });
  }

  override note(text: string): Promise<void> {
    this.show(text);
    return Promise.resolve();
  }

  override warn(text: string): Promise<void> {
    return this.note(text);
  }
}
