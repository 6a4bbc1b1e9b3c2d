/**
 * The state machine `recipient-v1` (C2SP age-plugin.md, "Wrapping with recipient-v1"): wraps every file key for every
 * recipient.
 *
 * Invariant: either the client gets a stanza for each file key and recipient, or it gets errors and no stanza at all.
 */
import { FILE_KEY_BYTES, wipe } from '../file-key.js';
import { decodeKmsIdentity } from '../kms-identity-string.js';
import { decodeKmsRecipient } from '../kms-recipient-string.js';
import { KmsRecipient } from '../kms-stanza.js';
import type { Recipient } from '../recipient.js';
import type { Stanza } from '../stanza.js';
import { readClientPhase, takeArgument } from './client-phase.js';
import type { Connection } from './connection.js';
import type { PluginHost } from './host.js';

/** What the client asked for. */
interface Order {
  readonly recipients: string[];
  readonly identities: string[];
  readonly fileKeys: Uint8Array[];
  wantsLabels: boolean;
}

/** An `error` command: its arguments, and what was thrown. */
type Failure = readonly [about: readonly string[], error: unknown];

/**
 * Runs the state machine.
 *
 * @throws KmsAsymError when the client breaks the protocol or goes away
 */
export async function runRecipientV1(connection: Connection, host: PluginHost): Promise<void> {
  const order: Order = { recipients: [], identities: [], fileKeys: [], wantsLabels: false };
  try {
    const problems = [...(await readOrder(connection, order))];
    if (order.recipients.length + order.identities.length === 0) problems.push('no recipient was named');
    if (order.fileKeys.length === 0) problems.push('there is no file key to wrap');
    for (const problem of problems) await connection.ask('error', ['internal'], Buffer.from(problem));
    if (problems.length === 0) await wrap(connection, order, host);
  } finally {
    order.fileKeys.forEach(wipe);
  }
  await connection.done();
}

function readOrder(connection: Connection, order: Order): Promise<readonly string[]> {
  return readClientPhase(connection, {
    'add-recipient': takeArgument(order.recipients),
    'add-identity': takeArgument(order.identities),
    'wrap-file-key': ({ args, body }) => {
      if (args.length > 0 || body.length !== FILE_KEY_BYTES) {
        return `has to have no argument and a body of ${FILE_KEY_BYTES} bytes`;
      }
      order.fileKeys.push(body);
      return undefined;
    },
    'extension-labels': ({ args, body }) => {
      order.wantsLabels = true;
      return args.length > 0 || body.length > 0 ? 'has to have no argument and no body' : undefined;
    },
  });
}

async function wrap(connection: Connection, order: Order, host: PluginHost): Promise<void> {
  const failures: Failure[] = [];
  const recipients = await resolve(order, host, failures);
  const stanzas: [index: number, stanza: Stanza][] = [];
  for (const [index, fileKey] of failures.length > 0 ? [] : order.fileKeys.entries()) {
    for (const { about, recipient } of recipients) {
      const made = await attempt(about, () => recipient.wrap(fileKey), failures);
      stanzas.push(...(made ?? []).map((stanza) => [index, stanza] as [number, Stanza]));
    }
  }
  for (const [about, error] of failures) {
    await connection.ask('error', about, Buffer.from(host.explain(error)));
  }
  if (failures.length > 0) return;
  // No label: stanzas of ours go with any others, and RSA is not what "postquantum" promises.
  if (order.wantsLabels) await connection.insist('labels', []);
  for (const [index, { type, args, body }] of stanzas) {
    await connection.insist('recipient-stanza', [String(index), type, ...args], body);
  }
}

interface Resolved {
  readonly about: readonly string[];
  readonly recipient: Recipient;
}

/** All strings are read before the key service is asked about any. */
async function resolve(order: Order, host: PluginHost, failures: Failure[]): Promise<Resolved[]> {
  const resolved: (Resolved | undefined)[] = [];
  const locators = [];
  for (const [index, text] of order.recipients.entries()) {
    const about = ['recipient', String(index)];
    const parts = await attempt(about, () => decodeKmsRecipient(text), failures);
    resolved.push(parts && { about, recipient: new KmsRecipient(parts.key, parts.locator) });
  }
  for (const [index, text] of order.identities.entries()) {
    const about = ['identity', String(index)];
    locators.push({ about, locator: await attempt(about, () => decodeKmsIdentity(text), failures) });
  }
  for (const { about, locator } of failures.length > 0 ? [] : locators) {
    const recipient = locator && (await attempt(about, () => host.recipientOf(locator), failures));
    resolved.push(recipient && { about, recipient });
  }
  return resolved.filter((each) => each !== undefined);
}

async function attempt<T>(
  about: readonly string[],
  make: () => T | Promise<T>,
  failures: Failure[],
): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    failures.push([about, error]);
    return undefined;
  }
}
