/**
 * Stanzas to and from an age client (C2SP age-plugin.md, "IPC protocol"): the client on the other end of two pipes
 * speaks first, then the plugin asks and the client answers, one stanza for one stanza.
 *
 * Invariant: nothing is read that is not needed next, so a plugin that said `done` can end while the client still
 * holds the pipe.
 */
import { asBuffer } from '../../crypto/encoding.js';
import { KmsAsymError } from '../../errors.js';
import { ByteReader, type ByteStream } from '../byte-stream.js';
import { encodeStanza, StanzaParser, startsStanza, type Stanza } from '../stanza.js';

/** Longest stanza that is read, in bytes; as long as the longest header that this program reads. */
const MAX_STANZA_BYTES = 1024 * 1024;

const LF = 0x0a;
const WHERE = 'from the age client';
/** What a client may answer to a command; `unsupported` is for commands that it does not know. */
const ANSWERS = ['ok', 'fail', 'unsupported'] as const;

/** What the client answered. */
export type Answer = (typeof ANSWERS)[number];

/** Takes bytes of whole stanzas; resolves when they are on their way. */
export type WriteText = (text: string) => Promise<void>;

/** The two pipes. */
export class Connection {
  readonly #reader: ByteReader;
  readonly #write: WriteText;
  /** Ends when all earlier commands are answered, or failed to be. */
  #earlier: Promise<unknown> = Promise.resolve();

  constructor(input: ByteStream, write: WriteText) {
    this.#reader = new ByteReader(input);
    this.#write = write;
  }

  /**
   * The next stanza of the client.
   *
   * @throws KmsAsymError `read-failed` when the client closed the pipe, `invalid-ciphertext` for anything but a stanza
   */
  async receive(): Promise<Stanza> {
    const first = await this.#line(0);
    if (!startsStanza(first)) throw notOne('does not begin with "-> "');
    const parser = new StanzaParser(first, WHERE);
    for (let length = first.length; ;) {
      const line = await this.#line(length);
      const stanza = parser.push(line);
      if (stanza) return stanza;
      length += line.length;
    }
  }

  /**
   * Sends a command and waits for its answer. Commands are sent in the order of the calls.
   *
   * @throws KmsAsymError as {@link Connection.receive}, or `invalid-ciphertext` for anything but an answer
   */
  ask(type: string, args: readonly string[] = [], body: Uint8Array = EMPTY): Promise<Answer> {
    const answer = this.#earlier.then(async () => {
      await this.#write(encodeStanza({ type, args, body }));
      return requireAnswer(await this.receive());
    });
    this.#earlier = answer.catch(() => undefined);
    return answer;
  }

  /**
   * Sends a command that the client must carry out.
   *
   * @throws KmsAsymError as {@link Connection.ask}, or `invalid-ciphertext` when it does not
   */
  async insist(type: string, args: readonly string[], body: Uint8Array = EMPTY): Promise<void> {
    const answer = await this.ask(type, args, body);
    if (answer !== 'ok') {
      throw new KmsAsymError('invalid-ciphertext', `the age client answered "${answer}" to "${type}"`);
    }
  }

  /** Shows a line to the person at the client, if there is one; nobody waits for it. */
  show(text: string): void {
    this.ask('msg', [], Buffer.from(text)).catch(() => undefined);
  }

  /** Says that there is nothing more to ask. */
  async done(): Promise<void> {
    await this.#earlier;
    await this.#write(encodeStanza({ type: 'done', args: [], body: EMPTY }));
  }

  /** Lets go of the input, which may otherwise keep a process alive. */
  async close(): Promise<void> {
    await this.#reader.close();
  }

  /** @param used - bytes that the stanza already has */
  async #line(used: number): Promise<string> {
    let line = '';
    for (;;) {
      const piece = await this.#reader.next();
      if (!piece) throw new KmsAsymError('read-failed', 'the age client closed the pipe before it was done');
      const newline = piece.indexOf(LF);
      const end = newline === -1 ? piece.length : newline;
      if (used + line.length + end > MAX_STANZA_BYTES) {
        throw notOne(`is longer than ${MAX_STANZA_BYTES} bytes`);
      }
      line += asBuffer(piece).toString('latin1', 0, end);
      if (newline === -1) continue;
      if (newline + 1 < piece.length) this.#reader.unread(piece.subarray(newline + 1));
      return line;
    }
  }
}

const EMPTY = new Uint8Array();

function requireAnswer({ type }: Stanza): Answer {
  const answer = ANSWERS.find((each) => each === type);
  if (answer) return answer;
  throw notOne('is none of the answers "ok", "fail" and "unsupported"');
}

function notOne(problem: string): KmsAsymError {
  return new KmsAsymError('invalid-ciphertext', `a stanza ${WHERE} ${problem}`);
}
