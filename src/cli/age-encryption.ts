/** The age file of `encrypt`: any size, any number of recipients, in constant memory. */
import { encodeArmor } from '../age/armor.js';
import type { ByteStream } from '../age/byte-stream.js';
import { sealHeader } from '../age/encrypt.js';
import { wipe } from '../age/file-key.js';
import { KmsRecipient } from '../age/kms-stanza.js';
import { encryptStream } from '../age/stream.js';
import type { Encrypted, Encryption } from './encryption.js';
import type { NamedKey } from './encryption-keys.js';
import { counted, startProgress } from './progress.js';
import { chooseRegion } from './settings.js';

/**
 * Encrypts the whole input.
 *
 * @throws KmsAsymError as reading, writing and verifying do
 */
export async function encryptToAge(encryption: Encryption): Promise<Encrypted> {
  const { keys, input, plaintext, output, options, context } = encryption;
  const { header, fileKey } = await sealHeader(keys.map((key) => recipient(key, encryption)));
  const progress = startProgress(context, input.size);
  const total = { plaintextBytes: 0, ciphertextBytes: 0 };
  const count = (bytes: number): void => {
    total.plaintextBytes += bytes;
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
      total.ciphertextBytes += piece.length;
    }
    await output.commit();
    return { format: 'age', ...total };
  } finally {
    progress.end();
    wipe(fileKey);
    output.abort();
  }
}

function recipient({ key, name, ...locator }: NamedKey, { options, context }: Encryption): KmsRecipient {
  const region = chooseRegion(
    options,
    locator.region === undefined ? {} : context.env,
    locator.region,
    `"${name}"`,
  );
  return new KmsRecipient(key, { ...locator, ...(region !== undefined && { region }) });
}

async function* ageFile(header: Uint8Array, payload: ByteStream): AsyncGenerator<Uint8Array> {
  yield header;
  yield* payload;
}
