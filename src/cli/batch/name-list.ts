/** `--files-from`: the names of inputs, one on each line, or ended by NUL as `find -print0` writes them. */
import { isUtf8 } from 'node:buffer';
import { KmsAsymError } from '../../errors.js';
import { RENAME_FIRST } from '../../io/file-name.js';
import { openInput } from '../../io/input.js';
import type { ByteSource } from '../../io/stdio.js';

const LF = 0x0a;
const NUL = 0;
/** Longer than any system takes. */
const MAX_NAME_BYTES = 64 * 1024;

/**
 * Reads the names in their order; empty ones are left out.
 *
 * @param path - file of names, or `-` for stdin
 * @throws KmsAsymError `usage` for what is no list of names, and as reading does
 */
export async function readNames(path: string, endWithNul: boolean, stdin: ByteSource): Promise<string[]> {
  const input = openInput(path, stdin);
  try {
    const names: string[] = [];
    for await (const name of split(input.chunks(), endWithNul ? NUL : LF, input.name)) {
      names.push(decode(name, names.length + 1, input.name));
    }
    return names;
  } finally {
    input.close();
  }
}

async function* split(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: number,
  source: string,
): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(delimiter); end >= 0; end = bytes.indexOf(delimiter, start)) {
      if (end > start) yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_NAME_BYTES)
      throw noList(source, `a name in it is longer than ${MAX_NAME_BYTES} bytes`);
  }
  if (rest.length > 0) yield rest;
}

function decode(bytes: Buffer, place: number, source: string): string {
  if (bytes.includes(NUL)) throw noList(source, 'it holds NUL bytes', '-0 when names end with them');
  if (!isUtf8(bytes)) throw noList(source, `name ${place} in it is not UTF-8`, RENAME_FIRST);
  const name = bytes.toString();
  // Where no name can end in a carriage return, it belongs to the end of the line.
  return process.platform === 'win32' ? name.replace(/\r$/, '') : name;
}

function noList(source: string, why: string, ...hints: readonly string[]): KmsAsymError {
  return new KmsAsymError('usage', `"${source}" is no list of names: ${why}`, { hints });
}
