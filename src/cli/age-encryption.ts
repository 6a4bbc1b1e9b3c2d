/** The age file of `encrypt`: any size, any number of recipients, in constant memory. */
import { encodeArmor } from '../age/armor.js';
import type { ByteStream } from '../age/byte-stream.js';
import { sealHeader } from '../age/encrypt.js';
import { wipe } from '../age/file-key.js';
import type { Stanza } from '../age/stanza.js';
import { encryptStream } from '../age/stream.js';
import type { Encrypted, Encryption } from './encryption.js';
import { HeaderParser } from '../age/header.js';
import { toKmsRecipient } from './kms-recipient.js';
import { describeStanza } from './recipient-description.js';
import { counted, startProgress } from './progress.js';

/**
 * Encrypts the whole input.
 *
 * @throws KmsAsymError as reading, writing and verifying do
 */
export async function encryptToAge(encryption: Encryption): Promise<Encrypted> {
  const { keys, recipients, input, plaintext, output, options, context } = encryption;
  const kms = keys.map((key) => toKmsRecipient(key, options, context));
  const { header, fileKey } = await sealHeader([...kms, ...recipients]);
  const progress = startProgress(context, input.size);
  const total = { PlaintextBytes: 0, CiphertextBytes: 0 };
  const count = (bytes: number): void => {
    total.PlaintextBytes += bytes;
    progress.add(bytes);
  };
  try {
    if (options.verify === true) {
      const { verifyHeader } = await import('./verification.js');
      await verifyHeader(encryption, header, fileKey);
    }
    const file = ageFile(header, encryptStream(fileKey, counted(plaintext.chunks(), { add: count })));
    for await (const piece of options.armor === true ? encodeArmor(file) : file) {
      await output.write(piece);
      total.CiphertextBytes += piece.length;
    }
    await output.commit();
    return { Format: 'age', Recipients: stanzasOf(header).map(describeStanza), ...total };
  } finally {
    progress.end();
    wipe(fileKey);
    output.abort();
  }
}

function stanzasOf(header: Uint8Array): readonly Stanza[] {
  return new HeaderParser().push(header)?.stanzas ?? [];
}

async function* ageFile(header: Uint8Array, payload: ByteStream): AsyncGenerator<Uint8Array> {
  yield header;
  yield* payload;
}
