/** What the checks of a key build upon: each says why it cannot be made, or `undefined` when it can. */
import type { Examination } from './examination.js';

/** A key has to be named, and the service has to answer. */
export function needsKey({ client, keyId, file, isAccepted }: Examination): string | undefined {
  if (!client) return 'the settings have to be right first';
  if (keyId === undefined) {
    return file
      ? `"${file.fileName}" does not say which key it is: add --key-id ID`
      : 'no key is named: --public-key FILE or --key-id ID';
  }
  return isAccepted ? undefined : 'the service has to accept calls first';
}

/** A key that DescribeKey does not find needs no more questions; one that may not be described may still work. */
export function needsFoundKey(examination: Examination): string | undefined {
  const { key: found, isHidden } = examination;
  return needsKey(examination) ?? (found || isHidden ? undefined : 'the key has to be found first');
}

/** Work with key material is for one version. */
export function needsVersion(examination: Examination): string | undefined {
  return (
    needsFoundKey(examination) ??
    (examination.keyVersionId === undefined ? 'a version has to be known first' : undefined)
  );
}
