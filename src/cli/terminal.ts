/**
 * The one place that writes for people. Data goes to stdout untouched; everything said about it goes to stderr, one
 * line each, stripped of whatever could move a cursor or hide text. Colours only where a person looks.
 */
import type { KmsAsymError, ServiceDetails } from '../errors.js';
import type { Stdio } from '../io/stdio.js';
import { EXIT_STATUS } from './exit-codes.js';

/** How much a run says, and in which form. */
export interface Verbosity {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** What `--json` prints: names as the service spells them. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A line that changes where it stands, always below what was said: gone while something else is said. */
export interface LiveLine {
  hide(): void;
  show(): void;
}

const MAX_LINE_CHARACTERS = 4000;
/** C0, C1, line and paragraph separators, and the bidirectional and zero-width controls of Unicode. */
// eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One printable line of any text: controls become U+FFFD, overlong text is cut. */
export function printable(text: string): string {
  const line = text.replace(UNPRINTABLE, '\ufffd');
  return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line;
}

/** What the service said, for the line behind an error's message. */
export function serviceLine({ code, httpStatus, requestId }: ServiceDetails): string {
  return `${code} (HTTP ${httpStatus}${requestId === '' ? '' : `, RequestId ${requestId}`})`;
}

/** JSON whose strings are whole, but spell what a terminal would obey as escapes. */
function jsonText(object: JsonObject): string {
  return JSON.stringify(object).replace(
    UNPRINTABLE,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

type Tone = 'error' | 'warning' | 'hint' | 'note';

/** Writes data, notes, warnings and errors of one run. */
export class Terminal {
  verbosity: Verbosity;
  /** Set while there is one. */
  live: LiveLine | undefined;

  constructor(
    private readonly stdio: Stdio,
    private readonly env: NodeJS.ProcessEnv,
    verbosity: Verbosity,
    private readonly program = 'kms-asym',
  ) {
    this.verbosity = verbosity;
  }

  /** Data for stdout, exactly as given. */
  async data(text: string): Promise<void> {
    await this.stdio.stdout.write(text);
  }

  /** One JSON object on one line of stdout; members that are `undefined` are left out. */
  async json(object: JsonObject): Promise<void> {
    await this.stdio.stdout.write(`${jsonText(object)}\n`);
  }

  /** Something worth knowing; silent with `-q` and `--json`. */
  async note(text: string): Promise<void> {
    if (!this.verbosity.quiet && !this.verbosity.json) await this.say('note', text);
  }

  /** A note from a callback that nobody waits for: a broken stderr must not end the run from there. */
  noteAside(text: string): void {
    this.note(text).catch(() => undefined);
  }

  /** What a run has done in the end: a line, or one JSON object on stderr; silent with `-q`. */
  async summary(text: string, object: JsonObject): Promise<void> {
    const { quiet, json } = this.verbosity;
    if (json && !quiet) await this.stderr(`${JSON.stringify({ Summary: object })}\n`);
    else await this.note(text);
  }

  /** Something only `-v` shows. */
  async detail(text: string): Promise<void> {
    if (this.verbosity.verbose && !this.verbosity.json) await this.say('note', text);
  }

  /** One JSON object on one line of stderr, from a callback that nobody waits for. */
  recordAside(object: object): void {
    this.stderr(`${JSON.stringify(object)}\n`).catch(() => undefined);
  }

  /** Something that did not go as it should, without ending the run. */
  async warn(text: string): Promise<void> {
    if (this.verbosity.json) await this.stderr(`${JSON.stringify({ Warning: printable(text) })}\n`);
    else await this.say('warning', text);
  }

  /** The error that ends the run: one JSON object with `--json`, else the message, what the service said, hints. */
  async error(error: KmsAsymError): Promise<void> {
    if (this.verbosity.json) {
      await this.stderr(`${JSON.stringify({ Error: errorObject(error) })}\n`);
      return;
    }
    await this.say('error', error.message);
    if (error.service) await this.say('error', serviceLine(error.service));
    for (const hint of error.hints) await this.say('hint', hint);
  }

  /** True when there is somebody who reads a question and can answer it. */
  get isAttended(): boolean {
    return this.stdio.stdin.isTerminal && this.stdio.stderr.isTerminal;
  }

  /** Asks on stderr, also with `-q` and `--json`; the line that is typed then, without blanks around it. */
  async ask(question: string): Promise<string> {
    await this.stderr(`${this.program}: ${printable(question)} `);
    let answer = '';
    for await (const chunk of this.stdio.stdin.chunks()) {
      answer += Buffer.from(chunk).toString();
      if (answer.includes('\n') || answer.length > MAX_LINE_CHARACTERS) break;
    }
    return answer.trim();
  }

  private async say(tone: Tone, text: string): Promise<void> {
    const label = tone === 'note' ? '' : `${tone}: `;
    const line = `${this.program}: ${await this.paint(tone, label)}${printable(text)}\n`;
    this.live?.hide();
    await this.stderr(line);
    this.live?.show();
  }

  private async stderr(text: string): Promise<void> {
    await this.stdio.stderr.write(text);
  }

  private async paint(tone: Tone, label: string): Promise<string> {
    if (label === '' || !wantsColor(this.env, this.stdio.stderr.isTerminal)) return label;
    // Loaded for a person only: chalk costs a tenth of a bare start-up.
    const { Chalk } = await import('chalk');
    const chalk = new Chalk({ level: 1 });
    const painters = { error: chalk.bold.red, warning: chalk.bold.yellow, hint: chalk.cyan, note: chalk.dim };
    return painters[tone](label);
  }
}

/** NO_COLOR (no-color.org) wins, then FORCE_COLOR, then whether a person can see it. */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}

/** An error as `--json` shows it. */
export function errorObject(error: KmsAsymError): JsonObject {
  const { service } = error;
  return {
    Code: error.code,
    ExitStatus: EXIT_STATUS[error.code],
    Message: printable(error.message),
    Hints: error.hints.map(printable),
    Service: service && serviceObject(service),
  };
}

/** What the service said, as `--json` shows it. */
export function serviceObject({ action, code, httpStatus, requestId }: ServiceDetails): JsonObject {
  return {
    Action: action,
    Code: printable(code),
    HttpStatus: httpStatus,
    RequestId: printable(requestId),
  };
}
