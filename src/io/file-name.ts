/** Names of files that are no text. The systems take any bytes; Node turns what is no UTF-8 into other names without a word. */
import { KmsAsymError } from '../errors.js';

/** What helps where a name is no text. */
export const RENAME_FIRST = 'such files have to be renamed first';

/** The error for a file whose name cannot be had: `read-failed`. `shown` is as much of it as there is. */
export function nameless(shown: string): KmsAsymError {
  return new KmsAsymError('read-failed', `the name of "${shown}" is not UTF-8`, { hints: [RENAME_FIRST] });
}

/** What may be wrong with a name that leads to nothing, and cannot be seen. */
export function nameHints(name: string): string[] {
  return [
    ...(name.includes('\ufffd') ? [`its name may not be UTF-8: ${RENAME_FIRST}`] : []),
    ...(name.endsWith('\r') ? [`it ends in a carriage return, as lines of Windows do: tr -d '\\r'`] : []),
    ...(name.startsWith('\ufeff') ? ['it begins with a byte order mark'] : []),
  ];
}
