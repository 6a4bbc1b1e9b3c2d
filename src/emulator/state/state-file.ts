/**
 * `state.json`: everything that an emulator knows of its keys and aliases but the private halves, and which device has
 * those. Written whole and durably, read strictly: a file that is damaged or another's is an error, never replaced.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, KmsAsymError } from '../../errors.js';
import { writeDurably } from '../durable-file.js';
import { BACKENDS } from '../hsm/hsm.js';
import type { Alias } from '../keys/alias-store.js';
import type { KeyRecord } from '../keys/key-record.js';
import { readAliases, readKeyRecords } from './record-shape.js';
import { Shape, ShapeError } from './shape.js';

/** The device that a state directory was made with. */
export interface HsmRecord {
  /** `software`, `softhsm` or `pkcs11`. */
  readonly backend: string;
  /** `Hsm.identity`; absent until the device was open for the first time. */
  readonly identity?: string;
}

/** What the file holds. */
export interface StateContent {
  /** Random, 32 hexadecimal digits: tells keys of this directory from others in the same token. */
  readonly owner: string;
  readonly hsm: HsmRecord;
  readonly keys: readonly KeyRecord[];
  readonly aliases: readonly Alias[];
}

/** The file's name in the state directory. */
export const STATE_FILE = 'state.json';

const FORMAT = 'kms-asym emulator state';
const VERSION = 1;

/** Reads the file, `undefined` when there is none. `KmsAsymError` `emulator` when it is not a state of this version. */
export async function readStateFile(directory: string): Promise<StateContent | undefined> {
  const path = join(directory, STATE_FILE);
  try {
    return readContent(new Shape(JSON.parse(await readFile(path, 'utf8')) as unknown));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (error instanceof ShapeError) throw unusable(path, error.message, error);
    // The parser's own message would repeat what is in the file.
    if (error instanceof SyntaxError) throw unusable(path, 'it is not JSON', error);
    throw error;
  }
}

/** Writes or replaces the file; it is durable when this resolves. Rejects with the system's errors. */
export async function writeStateFile(directory: string, content: StateContent): Promise<void> {
  const { keys, ...others } = content;
  const text = JSON.stringify({ format: FORMAT, version: VERSION, ...others });
  const lines = `${text.slice(0, -1)},"keys":[\n${keys.map(textOf).join(',\n')}]}\n`;
  await writeDurably(join(directory, STATE_FILE), lines);
}

const texts = new WeakMap<KeyRecord, string>();

/** A record that did not change is not written out again: most are the same from one write to the next. */
function textOf(record: KeyRecord): string {
  const known = texts.get(record);
  if (known !== undefined) return known;
  const text = JSON.stringify(record);
  texts.set(record, text);
  return text;
}

function readContent(shape: Shape): StateContent {
  // First of all, so that files of others and of later versions are called what they are.
  shape.entries().get('format')?.oneOf([FORMAT]);
  const version = shape.entries().get('version');
  if (version?.value !== VERSION) throw (version ?? shape).mustBe(`a ${FORMAT} of version ${VERSION}`);
  const members = shape.members(['format', 'version', 'owner', 'hsm', 'keys', 'aliases']);
  const hsm = members.hsm.members(['backend'], ['identity']);
  const keys = readKeyRecords(members.keys);
  return {
    owner: members.owner.text(/^[0-9a-f]{32}$/, '32 hexadecimal digits'),
    hsm: {
      backend: hsm.backend.oneOf(BACKENDS),
      ...(hsm.identity && { identity: hsm.identity.text() }),
    },
    keys,
    aliases: readAliases(members.aliases, keys),
  };
}

function unusable(path: string, reason: string, cause: unknown): KmsAsymError {
  return new KmsAsymError('emulator', `the emulator's state in "${path}" cannot be read: ${reason}`, {
    hints: [
      'it was left as it is: bring it back from a backup, or use another state directory',
      'a state written by a later version of this program needs that version',
    ],
    cause,
  });
}
