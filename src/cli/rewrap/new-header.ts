/** The new header of an age file, from the old one and whoever opens that. */
import { ByteReader, type ByteStream } from '../../age/byte-stream.js';
import { openHeader } from '../../age/open-header.js';
import { sealHeader } from '../../age/seal-header.js';
import { wipe } from '../../age/file-key.js';
import { readHeader, type Header } from '../../age/header.js';
import { KMS_STANZA_TYPE } from '../../age/kms-stanza.js';
import { rewrapHeader } from '../../age/rewrap.js';
import { decryptStream, encryptStream } from '../../age/stream.js';
import { KmsAsymError } from '../../errors.js';
import { findIdentities } from '../age-identities.js';
import { describeStanza, type RecipientDescription } from '../recipient-description.js';
import type { Rewrapped, RewrapRun } from './rewrapping.js';

/** A header that was made, and what belongs behind it. */
export interface NewHeader {
  readonly bytes: Buffer;
  readonly recipients: readonly RecipientDescription[];
  readonly openedBy: Rewrapped['OpenedBy'];
  /** The new payload: the old one itself, unless it is encrypted anew. */
  readonly payload: (old: ByteStream) => ByteStream;
  /** Forgets the keys; the payload must have been read. */
  readonly close: () => void;
}

/**
 * Opens the old header and makes the new one.
 *
 * @param name - what to call the file in messages
 * @throws KmsAsymError as opening, wrapping and verifying do, and `usage` where a new file key would shut somebody out
 */
export async function makeHeader(run: RewrapRun, header: Header, name: string): Promise<NewHeader> {
  const isFresh = run.options.fresh === true;
  if (isFresh) requireNamed(run, header, name);
  const { identities, service } = findIdentities(run.decryption, name);
  const oldKey = await openHeader(identities, header);
  const keys: Uint8Array[] = [oldKey];
  const close = (): void => keys.forEach(wipe);
  try {
    const made = isFresh ? await sealHeader([...run.plan.keys, ...run.plan.others]) : undefined;
    if (made) keys.push(made.fileKey);
    const newKey = made?.fileKey ?? oldKey;
    const bytes = made?.header ?? (await rewrapHeader(header.stanzas, oldKey, run.plan));
    if (run.options.verify === true) {
      const { verifyHeader } = await import('../verification.js');
      await verifyHeader(run, bytes, newKey);
    }
    const { opened } = service;
    const { stanzas } = await readHeader(new ByteReader([bytes]));
    return {
      bytes,
      recipients: stanzas.map(describeStanza),
      openedBy: opened && {
        KeyId: opened.keyId,
        KeyVersionId: opened.keyVersionId,
        Region: opened.region,
        RequestId: opened.requestId,
      },
      payload: (old) => (isFresh ? encryptStream(newKey, decryptStream(oldKey, old)) : old),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Stanzas that are not of KMS keys do not say whom they are for, so nobody can wrap a new file key for the same ones. */
function requireNamed({ plan }: RewrapRun, header: Header, name: string): void {
  const others = header.stanzas.filter(({ type }) => type !== KMS_STANZA_TYPE).length;
  if (others === 0 || plan.others.length > 0) return;
  throw new KmsAsymError('usage', `"${name}" is for ${others} more, who cannot be given a new file key`, {
    hints: [
      'name them all with -r or -R; who is not named loses access',
      'or leave --fresh out: they are kept then',
    ],
  });
}
