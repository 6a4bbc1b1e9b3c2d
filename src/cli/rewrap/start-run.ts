/** A run of `rewrap` from its flags: everything that can be wrong with them is found before a file is touched. */
import { KmsAsymError } from '../../errors.js';
import { openPacedClients } from '../batch/paced-clients.js';
import { namesAgeRecipients, readAgeRecipients } from '../age-recipients.js';
import type { Context } from '../context.js';
import { findEncryptionKeys, type NamedKey } from '../encryption-keys.js';
import { toKmsRecipient } from '../kms-recipient.js';
import type { RewrapOptions, RewrapRun } from './rewrapping.js';

/**
 * Reads the new keys and recipients; asks nobody.
 *
 * @throws KmsAsymError `usage` for flags that do not go together, and as reading keys and recipients does
 */
export async function startRun(options: RewrapOptions, context: Context): Promise<RewrapRun> {
  refuseContradictions(options);
  const keys = await readKeys(options, context);
  const clients = openPacedClients(options, context);
  return {
    options,
    context,
    clients,
    keys,
    plan: {
      keys: keys.map((key) => toKmsRecipient(key, options, context)),
      others: await readAgeRecipients(options),
      keepsKeys: options.add === true,
    },
    decryption: { options: openingOptions(options), context, clients },
  };
}

async function readKeys(options: RewrapOptions, context: Context): Promise<readonly NamedKey[]> {
  const { to, expectFingerprint, publicKey: _old, keyId: _id, keyVersionId: _version, ...global } = options;
  if (!to) return [];
  const expected = expectFingerprint && { expectFingerprint };
  return findEncryptionKeys({ ...global, publicKey: to, ...expected }, context);
}

/** The flags that say how the old header is opened; fingerprints are expected of new keys only. */
function openingOptions({
  expectFingerprint: _new,
  ...options
}: RewrapOptions): RewrapRun['decryption']['options'] {
  return options;
}

/** Pairs of flags that contradict each other, and why. */
const CONTRADICTIONS: readonly (readonly [keyof RewrapOptions, keyof RewrapOptions, string])[] = [
  [
    'add',
    'fresh',
    '--fresh makes a new file key, which the recipients that are there cannot be given: name all with --to, -r and -R',
  ],
  ['check', 'add', '--check only looks'],
  ['check', 'fresh', '--check only looks'],
  ['check', 'verify', '--check asks nobody'],
  ['check', 'output', '--check writes nothing'],
  ['check', 'identity', '--check opens nothing'],
  ['check', 'recipient', 'age recipients cannot be told apart in a file'],
  ['check', 'recipientsFile', 'age recipients cannot be told apart in a file'],
];

function refuseContradictions(options: RewrapOptions): void {
  for (const [one, other, hint] of CONTRADICTIONS) {
    if (options[one] === undefined || options[other] === undefined) continue;
    throw new KmsAsymError('usage', `${flagOf(one)} and ${flagOf(other)} do not go together`, {
      hints: [hint],
    });
  }
  if (options.to || (options.add === true && namesAgeRecipients(options))) return;
  throw new KmsAsymError('usage', 'no new key is named', {
    hints: ['--to PUBLIC_KEY_FILE; kms-asym get-public-key writes one'],
  });
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
