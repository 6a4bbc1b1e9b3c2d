/** Age files in `rewrap`: in place where only the first bytes change, else by a copy; and as a filter. */
import { decodeArmor, encodeArmor } from '../../age/armor.js';
import { ByteReader } from '../../age/byte-stream.js';
import { bytesOf, readHeader, type Header } from '../../age/header.js';
import { isAsPlanned } from '../../age/rewrap.js';
import { RECOGNITION_BYTES, type AgeEncoding } from '../../age/recognition.js';
import type { EditableFile } from '../../io/editable-file.js';
import type { Input } from '../../io/input.js';
import type { Output } from '../../io/output.js';
import { Peeked } from '../../io/peek.js';
import { counted, startProgress } from '../progress.js';
import { describeStanza } from '../recipient-description.js';
import { makeHeader, type NewHeader } from './new-header.js';
import type { Rewrapped, RewrapRun } from './rewrapping.js';

/**
 * The header of a file, from its beginning.
 *
 * @throws KmsAsymError `invalid-ciphertext`, and as reading does
 */
export async function headerOf(file: AsyncIterable<Uint8Array>, encoding: AgeEncoding): Promise<Header> {
  const reader = readerOf(file, encoding);
  try {
    return await readHeader(reader);
  } finally {
    await reader.close();
  }
}

/** What there is to say about a file that is as it should be, or `undefined` for one that is not. */
export function describeUnchanged(
  run: RewrapRun,
  header: Header,
  encoding: AgeEncoding,
): Rewrapped | undefined {
  if (run.options.fresh === true || !isAsPlanned(header.stanzas, run.plan)) return undefined;
  return {
    Status: 'unchanged',
    Format: 'age',
    Encoding: encoding,
    Recipients: header.stanzas.map(describeStanza),
  };
}

/**
 * Rewraps a file where it is.
 *
 * @throws KmsAsymError as opening its header, reading and writing do; then it is as it was
 */
export async function rewrapAgeFile(
  run: RewrapRun,
  file: EditableFile,
  name: string,
  encoding: AgeEncoding,
): Promise<Rewrapped> {
  const header = await headerOf(file.chunks(), encoding);
  const made = await makeHeader(run, header, name);
  const progress = startProgress(run.context, file.size);
  try {
    const before =
      encoding === 'binary'
        ? bytesOf(header)
        : (await new Peeked(file.chunks()).peek(RECOGNITION_BYTES)).bytes;
    if (encoding === 'binary' && run.options.fresh !== true && made.bytes.length === before.length) {
      return describe(made, encoding, await file.replaceHead(before, made.bytes));
    }
    await file.replaceAll(
      before,
      rewritten(
        made,
        counted(file.chunks(), (bytes) => {
          progress.add(bytes);
        }),
        encoding,
      ),
    );
    return describe(made, encoding, 'copied');
  } finally {
    progress.end();
    made.close();
  }
}

/**
 * Rewraps what comes in to what goes out.
 *
 * @throws KmsAsymError as opening the header, reading and writing do
 */
export async function rewrapAgeStream(
  run: RewrapRun,
  input: Input,
  file: Peeked,
  output: Output,
  encoding: AgeEncoding,
): Promise<Rewrapped> {
  const reader = readerOf(file.chunks(), encoding);
  let made: NewHeader | undefined;
  try {
    const header = await readHeader(reader);
    const unchanged = describeUnchanged(run, header, encoding);
    if (!unchanged) made = await makeHeader(run, header, input.name);
    const pieces = made ? behind(made, reader) : untouched(header, reader);
    for await (const piece of armored(pieces, encoding)) await output.write(piece);
    await output.commit();
    return unchanged ?? describe(made, encoding);
  } finally {
    made?.close();
    output.abort();
    await reader.close();
  }
}

function readerOf(file: AsyncIterable<Uint8Array>, encoding: AgeEncoding): ByteReader {
  return new ByteReader(encoding === 'armor' ? decodeArmor(file) : file);
}

/** The whole new file from the whole old one. */
async function* rewritten(
  made: NewHeader,
  old: AsyncIterable<Uint8Array>,
  encoding: AgeEncoding,
): AsyncGenerator<Uint8Array> {
  const reader = readerOf(old, encoding);
  try {
    await readHeader(reader);
    yield* armored(behind(made, reader), encoding);
  } finally {
    await reader.close();
  }
}

async function* untouched(header: Header, reader: ByteReader): AsyncGenerator<Uint8Array> {
  yield bytesOf(header);
  yield* reader.rest();
}

async function* behind(made: NewHeader, reader: ByteReader): AsyncGenerator<Uint8Array> {
  yield made.bytes;
  yield* made.payload(reader.rest());
}

function armored(file: AsyncIterable<Uint8Array>, encoding: AgeEncoding): AsyncIterable<Uint8Array> {
  return encoding === 'armor' ? encodeArmor(file) : file;
}

function describe(
  made: NewHeader | undefined,
  encoding: AgeEncoding,
  method?: Rewrapped['Method'],
): Rewrapped {
  return {
    Status: 'rewrapped',
    Format: 'age',
    Encoding: encoding,
    ...(method && { Method: method }),
    ...(made && { Recipients: made.recipients }),
    ...(made?.openedBy && { OpenedBy: made.openedBy }),
  };
}
