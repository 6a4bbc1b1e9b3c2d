/**
 * The state machine `identity-v1` (C2SP age-plugin.md, "Unwrapping with identity-v1"): finds the file keys of files
 * from the stanzas of their headers.
 *
 * The header of a file is not authenticated yet: every stanza may come from an attacker. Invariant: a file with a
 * malformed stanza of ours buys no call, any other at most a handful; a file for others is met with silence.
 */
import type { KeyLocator } from '../../crypto/key-locator.js';
import { wipe } from '../file-key.js';
import { decodeKmsIdentity } from '../kms-identity-string.js';
import { KmsIdentity } from '../kms-identity.js';
import { KMS_STANZA_TYPE, parseKmsStanza } from '../kms-stanza.js';
import type { Stanza } from '../stanza.js';
import { selectStanzas } from '../stanza-selection.js';
import { readClientPhase, takeArgument } from './client-phase.js';
import type { Connection } from './connection.js';
import type { PluginHost } from './host.js';

/** The stanzas of one header that are of our type, with their places among all of them. */
interface File {
  readonly index: string;
  stanzas: number;
  readonly ours: { readonly index: number; readonly stanza: Stanza }[];
}

/**
 * Runs the state machine.
 *
 * @throws KmsAsymError when the client breaks the protocol or goes away
 */
export async function runIdentityV1(connection: Connection, host: PluginHost): Promise<void> {
  const texts: string[] = [];
  const files: File[] = [];
  const problems = [
    ...(await readClientPhase(connection, {
      'add-identity': takeArgument(texts),
      'recipient-stanza': (stanza) => takeStanza(files, stanza),
    })),
  ];
  if (texts.length === 0) problems.push('no identity was given');
  for (const problem of problems) await connection.ask('error', ['internal'], Buffer.from(problem));
  if (problems.length === 0) {
    const locators = await readIdentities(connection, host, texts);
    if (locators) await openFiles(connection, host, locators, files);
  }
  await connection.done();
}

const FILE_INDEX = /^(0|[1-9]\d{0,8})$/;

function takeStanza(files: File[], { args: [index, type, ...args], body }: Stanza): string | undefined {
  if (index === undefined || type === undefined) return 'has to have two arguments or more';
  let file = files.at(-1);
  if (!FILE_INDEX.test(index) || Number(index) < Number(file?.index ?? 0)) {
    return 'has an index that is no number, or less than the one before';
  }
  if (file?.index !== index) files.push((file = { index, stanzas: 0, ours: [] }));
  if (type === KMS_STANZA_TYPE) file.ours.push({ index: file.stanzas, stanza: { type, args, body } });
  file.stanzas++;
  return undefined;
}

/** With one unusable identity, the others are not used either. */
async function readIdentities(
  connection: Connection,
  host: PluginHost,
  texts: readonly string[],
): Promise<readonly KeyLocator[] | undefined> {
  const locators: KeyLocator[] = [];
  for (const [index, text] of texts.entries()) {
    try {
      locators.push(decodeKmsIdentity(text));
    } catch (error) {
      await connection.ask('error', ['identity', String(index)], Buffer.from(host.explain(error)));
    }
  }
  return locators.length === texts.length ? locators : undefined;
}

async function openFiles(
  connection: Connection,
  host: PluginHost,
  locators: readonly KeyLocator[],
  files: readonly File[],
): Promise<void> {
  const unwrap = host.unwrapFor(locators);
  for (const file of files) {
    if (await refuseMalformed(connection, host, file)) continue;
    let first: number | undefined;
    const identity = new KmsIdentity(unwrap, async (stanzas) => {
      const chosen = selectStanzas(locators, stanzas);
      first = file.ours[stanzas.findIndex(({ ciphertext }) => ciphertext === chosen[0]?.ciphertext)]?.index;
      return Promise.resolve(chosen);
    });
    let fileKey: Uint8Array | undefined;
    try {
      fileKey = await identity.unwrap(file.ours.map(({ stanza }) => stanza));
    } catch (error) {
      const about = first === undefined ? ['internal'] : ['stanza', file.index, String(first)];
      await connection.ask('error', about, Buffer.from(host.explain(error)));
    }
    if (fileKey) await connection.insist('file-key', [file.index], fileKey).finally(() => wipe(fileKey));
  }
}

/** Reports every malformed stanza of ours in a file; true when there was one. */
async function refuseMalformed(
  connection: Connection,
  host: PluginHost,
  { index: fileIndex, ours }: File,
): Promise<boolean> {
  let isMalformed = false;
  for (const { index, stanza } of ours) {
    try {
      parseKmsStanza(stanza);
    } catch (error) {
      isMalformed = true;
      await connection.ask('error', ['stanza', fileIndex, String(index)], Buffer.from(host.explain(error)));
    }
  }
  return isMalformed;
}
