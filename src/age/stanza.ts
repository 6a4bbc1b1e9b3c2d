/**
 * A stanza (C2SP age.md, "Recipient stanza"): one line `-> type args`, then a body in unpadded canonical base64
 * of 64 columns that ends with a line shorter than that, empty when the body is a multiple of 48 bytes long.
 *
 * Invariant: text and value are in one to one correspondence; what one stanza can be written as, no other can.
 */
import { KmsAsymError } from '../errors.js';
import { decodeBase64Unpadded, encodeBase64Unpadded } from '../crypto/encoding.js';

/** One stanza: in a file, the file key wrapped for one recipient. */
export interface Stanza {
  /** First argument, printable ASCII without spaces. */
  readonly type: string;
  /** The other arguments, each printable ASCII without spaces and not empty. */
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

const COLUMNS = 64;
const ARGUMENT = /^[!-~]+$/;

/** True for the first line of a stanza. */
export function startsStanza(line: string): boolean {
  return line.startsWith('-> ');
}

/**
 * The text of a stanza, with its last newline.
 *
 * @throws Error for arguments that no line can hold, which is a fault of the recipient that made them
 */
export function encodeStanza({ type, args, body }: Stanza): string {
  if (![type, ...args].every((argument) => ARGUMENT.test(argument))) {
    throw new Error('an argument of a stanza is empty or not printable');
  }
  const text = encodeBase64Unpadded(body);
  const lines = text.match(/.{1,64}/g) ?? [];
  const last = text.length % COLUMNS === 0 ? '\n' : '';
  return `-> ${[type, ...args].join(' ')}\n${lines.map((line) => `${line}\n`).join('')}${last}`;
}

/** Reads one stanza line by line; lines come without their newline. */
export class StanzaParser {
  readonly #type: string;
  readonly #args: readonly string[];
  readonly #where: string;
  readonly #body: Buffer[] = [];

  /**
   * @param firstLine - one that {@link startsStanza}
   * @param where - for messages, where the stanza stands
   * @throws KmsAsymError `invalid-ciphertext`
   */
  constructor(firstLine: string, where = 'in the age header') {
    this.#where = where;
    const [type = '', ...args] = firstLine.slice('-> '.length).split(' ');
    if (![type, ...args].every((argument) => ARGUMENT.test(argument))) {
      throw this.#malformed('has arguments that are empty or not printable');
    }
    this.#type = type;
    this.#args = args;
  }

  /**
   * Takes a line of the body.
   *
   * @returns the stanza when this line ended it
   * @throws KmsAsymError `invalid-ciphertext`
   */
  push(line: string): Stanza | undefined {
    if (line.length > COLUMNS) throw this.#malformed(`has a line of more than ${COLUMNS} columns`);
    const bytes = decodeBase64Unpadded(line);
    if (!bytes) throw this.#malformed('has a line that is not canonical base64');
    this.#body.push(bytes);
    if (line.length === COLUMNS) return undefined;
    return { type: this.#type, args: this.#args, body: Buffer.concat(this.#body) };
  }

  #malformed(problem: string): KmsAsymError {
    return new KmsAsymError('invalid-ciphertext', `a stanza ${this.#where} ${problem}`);
  }
}
