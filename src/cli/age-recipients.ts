/** `-r` and `-R`: recipients in age's own words, beside the KMS keys. */
import type { Recipient } from '../age/recipient.js';
import { readSmallFile } from '../io/input.js';

/** The flags that name recipients. */
export interface AgeRecipientOptions {
  readonly recipient?: readonly string[];
  readonly recipientsFile?: readonly string[];
}

/** True when there are any; they make the result an age file. */
export function namesAgeRecipients({ recipient, recipientsFile }: AgeRecipientOptions): boolean {
  return recipient !== undefined || recipientsFile !== undefined;
}

/**
 * Reads them all, in the order of the flags.
 *
 * @throws KmsAsymError `invalid-public-key` for what is no recipient, and as reading files does
 */
export async function readAgeRecipients(options: AgeRecipientOptions): Promise<Recipient[]> {
  if (!namesAgeRecipients(options)) return [];
  const [{ MAX_KEY_FILE_BYTES }, { parseRecipient, parseRecipientFile }] = await Promise.all([
    import('../age/key-lines.js'),
    import('../age/recipient-file.js'),
  ]);
  return [
    ...(options.recipient ?? []).map((text) => parseRecipient(text, '-r')),
    ...(options.recipientsFile ?? []).flatMap((name) =>
      parseRecipientFile(readSmallFile(name, MAX_KEY_FILE_BYTES, 'recipients file'), name),
    ),
  ];
}
