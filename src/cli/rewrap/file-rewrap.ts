/** One file of `rewrap`, whatever it turns out to be. It is looked at first, and opened for writing only if it is to change. */
import { recognizeAge, RECOGNITION_BYTES } from '../../age/recognition.js';
import { EditableFile } from '../../io/editable-file.js';
import { openRegularInput } from '../../io/input.js';
import { hasJournal } from '../../io/journal-entries.js';
import { Peeked } from '../../io/peek.js';
import { describeUnchanged, headerOf, rewrapAgeFile } from './age-rewrap.js';
import type { Rewrapped, RewrapRun } from './rewrapping.js';

/**
 * Rewraps one file where it is. What a directory holds beside age files is skipped: nothing says of other files that
 * they are ciphertext.
 *
 * @param isNamed - it is not just something that a directory holds
 * @throws KmsAsymError as opening, reading and writing do; then the file is as it was
 */
export async function rewrapFile(run: RewrapRun, name: string, isNamed: boolean): Promise<Rewrapped> {
  const settled = await look(run, name, isNamed);
  if (settled) return settled;
  const force = run.options.force === true;
  const file = new EditableFile(name, { followLinks: force && isNamed, changeReadOnly: force });
  try {
    const encoding = await recognize(file);
    if (encoding) return await rewrapAgeFile(run, file, name, encoding);
    const { rewrapOaepFile } = await import('./oaep-rewrap.js');
    return await rewrapOaepFile(run, file, name);
  } finally {
    file.close();
  }
}

/** What is certain without changing anything. */
async function look(run: RewrapRun, name: string, isNamed: boolean): Promise<Rewrapped | undefined> {
  const input = openRegularInput(name, isNamed);
  try {
    const file = new Peeked(input.chunks());
    const encoding = recognizeAge((await file.peek(RECOGNITION_BYTES)).bytes);
    if (!encoding) return isNamed ? undefined : { Status: 'skipped' };
    const unchanged = describeUnchanged(run, await headerOf(file.chunks(), encoding), encoding);
    // What an interrupted run left there is put right all the same.
    return hasJournal(name) ? undefined : unchanged;
  } finally {
    input.close();
  }
}

async function recognize(file: EditableFile): Promise<ReturnType<typeof recognizeAge>> {
  return recognizeAge((await new Peeked(file.chunks()).peek(RECOGNITION_BYTES)).bytes);
}
