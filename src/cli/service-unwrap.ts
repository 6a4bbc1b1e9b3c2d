/**
 * Opens the KMS stanzas of one file in the service. Which key, version and region comes from the stanza; where to send
 * the call never does: a region is a known one or the one of `--region`, and an endpoint comes from the caller alone.
 */
import { KmsIdentity, type Select, type Unwrap } from '../age/kms-identity.js';
import type { KmsStanza } from '../age/kms-stanza.js';
import type { Identity } from '../age/recipient.js';
import { selectStanzas } from '../age/stanza-selection.js';
import type { KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError, reworded, serviceCodeOf } from '../errors.js';
import { namesAlias } from './alias-name.js';
import { askOnce } from './ask-once.js';
import type { Context } from './context.js';
import type { KeyDemand } from './key-demand.js';
import type { KmsClients } from './kms-clients.js';
import { decryptThroughKms } from './kms-decrypt.js';
import type { GlobalOptions } from './options.js';
import { chooseRegion } from './settings.js';

/** The stanza that was opened last, and how. */
export interface OpenedStanza {
  readonly stanza: KmsStanza;
  /** As the service answered. */
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly region: string | undefined;
  readonly requestId: string;
}

/** What the unwrapping of one file needs. */
export interface UnwrapParts {
  readonly clients: KmsClients;
  readonly options: GlobalOptions;
  readonly context: Context;
  readonly demand: KeyDemand;
  /** What to call the file in messages. */
  readonly name: string;
}

/** Opens stanzas by AsymmetricDecrypt. */
export class ServiceUnwrap {
  /** Set by each success. */
  opened: OpenedStanza | undefined;

  constructor(private readonly parts: UnwrapParts) {}

  /** One call for one stanza; rejects as {@link decryptThroughKms}, or with `usage` when nobody names the key. */
  readonly unwrap = (stanza: KmsStanza): Promise<Uint8Array> => {
    return this.#open(stanza, stanza.locator ?? this.parts.demand.locate(stanza));
  };

  /** As {@link ServiceUnwrap.unwrap}; `undefined` for a stanza whose key was guessed wrong, which is no error. */
  readonly unwrapGuessed: Unwrap = async (stanza) => {
    const { guess, locator } = stanza;
    if (locator) return this.unwrap(stanza);
    const key = guess?.keyId === undefined ? this.parts.demand.locate(stanza) : guess;
    return this.#open(stanza, key).catch((error: unknown) => {
      if (error instanceof KmsAsymError && error.code === 'undecryptable') return undefined;
      throw error;
    });
  };

  /** What opens stanzas of the keys that an identity stands for; it is silent about all others. */
  identityOf(identity: KeyLocator): Identity {
    return new KmsIdentity(this.unwrapGuessed, (stanzas) =>
      Promise.resolve(selectStanzas([identity], stanzas)),
    );
  }

  async #open(stanza: KmsStanza, { keyId, keyVersionId, region: known }: KeyLocator): Promise<Uint8Array> {
    const { clients, name } = this.parts;
    if (keyId === undefined) throw nameless(name);
    const region = this.#region(stanza.locator?.region, known);
    const answer = await decryptThroughKms(await clients.in(region), {
      key: { keyId, ...(keyVersionId !== undefined && { keyVersionId }) },
      algorithm: stanza.algorithm,
      ciphertext: stanza.ciphertext,
      name,
      isAlgorithmChosen: false,
    }).catch((error: unknown) => {
      throw stanza.locator ? aboutNamedKey(error) : error;
    });
    const { plaintext, ...opened } = answer;
    this.opened = { stanza, region, ...opened };
    return plaintext;
  }

  /** The stanzas that fit what flags demand; rejects with `key-mismatch` or `fingerprint-mismatch` when none does. */
  readonly select: Select = async (stanzas) => {
    const { demand, name } = this.parts;
    const byFingerprint = stanzas.filter(({ fingerprint }) => {
      return demand.fingerprints.every((expected) => expected === fingerprint);
    });
    if (byFingerprint.length === 0) throw wrongFingerprint(name, demand, stanzas);
    const keyId = demand.keyId === undefined ? undefined : await this.#resolve(demand.keyId, stanzas);
    const { keyVersionId } = demand;
    const fitting = byFingerprint.filter(({ locator }) => {
      return fits(locator?.keyId, keyId) && fits(locator?.keyVersionId, keyVersionId);
    });
    if (fitting.length > 0) return fitting;
    throw wrongKey(name, demand, byFingerprint);
  };

  /** Where to call: where the file says, else where the key is known to be. */
  #region(named: string | undefined, known?: string): string | undefined {
    const { options, context, name } = this.parts;
    try {
      return chooseRegion(options, context.env, named ?? known, `"${name}"`);
    } catch (error) {
      throw named === undefined ? error : aboutNamedRegion(error);
    }
  }

  /** Files name keys by id; what an alias stands for only the service knows. */
  async #resolve(keyId: string, stanzas: readonly KmsStanza[]): Promise<string> {
    const located = stanzas.find(({ locator }) => locator !== undefined)?.locator;
    const fromArn = /^acs:kms:[^:]*:[^:]*:key\/(.+)$/.exec(keyId)?.[1];
    if (fromArn !== undefined) return fromArn;
    if (!located || !namesAlias(keyId)) return keyId;
    const kms = await this.parts.clients.in(this.#region(located.region));
    return (await askOnce(kms, `metadata of ${keyId}`, () => kms.describeKey(keyId))).keyId;
  }
}

const NOT_FOUND: ReadonlySet<string | undefined> = new Set([
  'Forbidden.KeyNotFound',
  'Forbidden.KeyVersionNotFound',
]);

/** A region that the file itself names is what its data say, and nothing that anybody has configured. */
function aboutNamedRegion(error: unknown): unknown {
  return reworded(error, ({ code }) => ({ code: code === 'configuration' ? 'undecryptable' : code }));
}

/** Nobody typed the ids of a key that the file names: a flipped bit in them looks like a key that is gone. */
function aboutNamedKey(error: unknown): unknown {
  if (!NOT_FOUND.has(serviceCodeOf(error))) return error;
  return reworded(error, () => ({
    code: 'undecryptable',
    hints: ['the file names this key itself: it was deleted, is of another account, or the file is damaged'],
  }));
}

function fits(named: string | undefined, demanded: string | undefined): boolean {
  return named === undefined || demanded === undefined || named === demanded;
}

function nameless(name: string): KmsAsymError {
  return new KmsAsymError('usage', `"${name}" does not say which KMS key opens it`, {
    hints: ['--key-id ID', 'or --public-key FILE, if its lines name the key'],
  });
}

function wrongFingerprint(name: string, demand: KeyDemand, stanzas: readonly KmsStanza[]): KmsAsymError {
  const expected = demand.fingerprints.map((fingerprint) => `SHA256:${fingerprint}`);
  return new KmsAsymError('fingerprint-mismatch', `"${name}" is encrypted to another key`, {
    hints: [
      `expected ${[...new Set(expected)].join(' and ')}`,
      ...stanzas.slice(0, MAX_NAMED).map(({ fingerprint }) => `the file has SHA256:${fingerprint}`),
    ],
  });
}

function wrongKey(name: string, demand: KeyDemand, stanzas: readonly KmsStanza[]): KmsAsymError {
  const wanted = [demand.keyId, demand.keyVersionId && `version ${demand.keyVersionId}`];
  return new KmsAsymError('key-mismatch', `"${name}" is not for ${wanted.filter(Boolean).join(', ')}`, {
    hints: [
      ...stanzas.slice(0, MAX_NAMED).map(({ locator }) => {
        return `it is for key ${locator?.keyId ?? '?'}, version ${locator?.keyVersionId ?? '?'}`;
      }),
      ...(namesAlias(demand.keyId ?? '')
        ? ['if the alias was moved since, leave it out: the file names its key']
        : []),
    ],
  });
}

const MAX_NAMED = 8;
