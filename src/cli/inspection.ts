/** What can be known about an encrypted file from the outside. Nothing of it is authenticated. */
import { decodeArmor } from '../age/armor.js';
import { ByteReader, type ByteStream } from '../age/byte-stream.js';
import { readHeader } from '../age/header.js';
import { plaintextSize } from '../age/payload-size.js';
import type { AgeEncoding } from '../age/recognition.js';
import { KmsAsymError } from '../errors.js';
import type { Peeked } from '../io/peek.js';
import { describeStanza, type RecipientDescription } from './recipient-description.js';
import { printable } from './terminal.js';

/** The object that `inspect --json` prints, but for the name of the input. */
export interface Inspection {
  readonly Format: 'oaep' | 'age';
  readonly Encoding: 'raw' | 'base64' | 'binary' | 'armor';
  readonly Recipients: readonly RecipientDescription[];
  /** Raw ciphertext only. */
  readonly CiphertextBytes?: number;
  /** Of an age file, without armor. */
  readonly HeaderBytes?: number;
  readonly PayloadBytes?: number;
  /** `null` when no payload has that length: the file is cut off or has something behind it. */
  readonly PlaintextBytes?: number | null;
}

/**
 * Reads the header of an age file, and as much of the rest as is needed to know its length.
 *
 * @param size - bytes of the file where known
 * @throws KmsAsymError `invalid-ciphertext` for a malformed header or armor, or as reading does
 */
export async function inspectAge(
  file: Peeked,
  encoding: AgeEncoding,
  size: number | undefined,
): Promise<Inspection> {
  const reader = new ByteReader(encoding === 'armor' ? decodeArmor(file.chunks()) : file.chunks());
  try {
    const header = await readHeader(reader);
    const isSizeKnown = encoding === 'binary' && size !== undefined;
    const payloadBytes = isSizeKnown ? size - header.length : await lengthOf(reader.rest());
    return {
      Format: 'age',
      Encoding: encoding,
      Recipients: header.stanzas.map(describeStanza),
      HeaderBytes: header.length,
      PayloadBytes: payloadBytes,
      PlaintextBytes: plaintextSize(payloadBytes) ?? null,
    };
  } finally {
    await reader.close();
  }
}

async function lengthOf(stream: ByteStream): Promise<number> {
  let length = 0;
  for await (const { length: more } of stream) length += more;
  return length;
}

/** The same for people: one fact a line, one block for each recipient. */
export function textOf(inspection: Inspection & { readonly Input: string }): string {
  const { Recipients, ...facts } = inspection;
  const blocks = [facts, ...Recipients.map(({ Type, ...rest }) => ({ Recipient: Type, ...rest }))];
  return blocks.map((block) => Object.entries(block).map(line).join('')).join('\n');
}

function line([name, value]: [string, string | number | null | undefined]): string {
  return value === undefined ? '' : `${name}: ${printable(String(value ?? 'unknown'))}\n`;
}

/** The error of a file that cannot be whole. */
export function whyDamaged(
  { PlaintextBytes, PayloadBytes }: Inspection,
  name: string,
): KmsAsymError | undefined {
  if (PlaintextBytes !== null) return undefined;
  return new KmsAsymError(
    'invalid-ciphertext',
    `"${name}" is cut off or has something appended: no age payload is ${PayloadBytes} bytes long`,
  );
}
