/**
 * Dotenv text. Node's own `util.parseEnv` reads every value, one assignment at a time: its versions disagree about what
 * a line that they cannot read does to the next ones (Node 20 ends there, later ones put `B=1` into an empty `A`), so
 * the text is cut into assignments here, and a line that is none is refused. Where `parseEnv` would drop part of a value
 * without a word (behind `#`, behind a second quote), the line is refused too: half a password is worse than none.
 */
import { parseEnv } from 'node:util';
import { KmsAsymError } from '../../errors.js';
import { VARIABLE_NAME } from './variable-name.js';

const NOTHING = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const NAME = String.raw`[ \t]*(?:export[ \t]+)?(?<name>${VARIABLE_NAME})[ \t]*=[ \t]*`;
const QUOTED = String.raw`(?<quoted>"[^"\r]*"|'[^'\r]*'|\x60[^\x60\r]*\x60)[ \t]*(?:#[^\n]*)?`;
const BARE = String.raw`(?<bare>(?!["'\x60 \t])(?:[^#\r\n]*[^#\r\n \t])?)[ \t]*(?:(?<=[ \t])#[^\n]*)?`;
const ASSIGNMENT = new RegExp(`${NAME}(?:${QUOTED}|${BARE})(?:\n|$)`, 'y');

/**
 * The variables of a file; of two assignments to one name the later one counts.
 *
 * @param fileName - what to call it in messages, which never quote its text
 * @throws KmsAsymError `invalid-environment` for a line that is no assignment
 */
export function parseDotenv(text: string, fileName: string): Map<string, string> {
  const lines = text.replaceAll('\r\n', '\n');
  const variables = new Map<string, string>();
  let position = 0;
  while (position < lines.length) {
    const nothing = matchAt(NOTHING, lines, position);
    const assignment = nothing ? undefined : matchAt(ASSIGNMENT, lines, position);
    const { name, quoted, bare } = assignment?.groups ?? {};
    if (name !== undefined) {
      const value = parseEnv(`${name}=${quoted ?? bare ?? ''}`)[name];
      if (value === undefined || name === '__proto__') throw unreadable(lines, position, fileName);
      variables.set(name, value);
    }
    const [whole] = nothing ?? assignment ?? [];
    if (whole === undefined) throw unreadable(lines, position, fileName);
    position += whole.length;
  }
  return variables;
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

function unreadable(text: string, position: number, fileName: string): KmsAsymError {
  const line = text.slice(0, position).split('\n').length;
  return new KmsAsymError('invalid-environment', `line ${line} of "${fileName}" is no dotenv assignment`, {
    hints: [
      'one a line: NAME=value; a value with #, quotes or line breaks stands in quotes of another kind',
      'a file that is one value as a whole: --env NAME=FILE',
    ],
  });
}
