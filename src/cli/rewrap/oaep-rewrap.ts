/** Raw RSA-OAEP ciphertext in `rewrap`: there is no header, so it is decrypted, and encrypted to the new key. */
import { MAX_CIPHERTEXT_INPUT_BYTES } from '../../crypto/ciphertext.js';
import { encodeBase64 } from '../../crypto/encoding.js';
import { encryptOaep } from '../../crypto/oaep.js';
import { KmsAsymError, reworded } from '../../errors.js';
import type { EditableFile } from '../../io/editable-file.js';
import type { Input } from '../../io/input.js';
import type { Output } from '../../io/output.js';
import { Peeked } from '../../io/peek.js';
import type { Decrypted } from '../decryption.js';
import type { NamedKey } from '../encryption-keys.js';
import { decryptOaep } from '../oaep-decryption.js';
import { describeKey } from '../recipient-description.js';
import type { Rewrapped, RewrapRun } from './rewrapping.js';

/** The file that `rewrapOaepFile` changes, and its bytes. */
type Source = Pick<Input, 'name' | 'chunks' | 'close'>;

/**
 * Rewraps a file where it is.
 *
 * @throws KmsAsymError as decrypting, encrypting and writing do; then it is as it was
 */
export async function rewrapOaepFile(run: RewrapRun, file: EditableFile, name: string): Promise<Rewrapped> {
  const ciphertext = new Peeked(file.chunks());
  const { bytes: before } = await ciphertext.peek(MAX_CIPHERTEXT_INPUT_BYTES);
  const source = { name, chunks: () => file.chunks(), close: () => undefined };
  const { bytes, rewrapped } = await rewrap(run, source, ciphertext);
  const method = await file.replaceHead(before, bytes);
  return { ...rewrapped, Method: method };
}

/** As {@link rewrapOaepFile}, from what comes in to what goes out. */
export async function rewrapOaepStream(
  run: RewrapRun,
  input: Input,
  file: Peeked,
  output: Output,
): Promise<Rewrapped> {
  const { bytes, rewrapped } = await rewrap(run, input, file);
  await output.write(bytes);
  await output.commit();
  return rewrapped;
}

async function rewrap(
  run: RewrapRun,
  input: Source,
  ciphertext: Peeked,
): Promise<{ bytes: Buffer; rewrapped: Rewrapped }> {
  const key = requireOneKey(run, input.name);
  const output = new Kept();
  const decrypted = await decryptOaep({ run: run.decryption, input, ciphertext, output });
  try {
    const made = seal(key, output.bytes, input.name);
    if (run.options.verify === true) {
      const { verifyOaep } = await import('../verification.js');
      await verifyOaep(run, key, made, output.bytes);
    }
    const isText = decrypted.Encoding === 'base64';
    const bytes = isText ? Buffer.from(`${encodeBase64(made)}\n`) : made;
    return { bytes, rewrapped: describe(decrypted, key) };
  } finally {
    output.abort();
  }
}

function requireOneKey({ keys, plan, options }: RewrapRun, name: string): NamedKey {
  const [key, ...others] = keys;
  if (key && others.length + plan.others.length === 0 && options.add !== true) return key;
  throw new KmsAsymError('usage', `"${name}" is one RSA ciphertext, which is for one key`, {
    hints: ['kms-asym decrypt it, and encrypt it to several with --format age'],
  });
}

function seal({ key, name: keyName }: NamedKey, plaintext: Uint8Array, name: string): Buffer {
  try {
    return encryptOaep(key, plaintext);
  } catch (error) {
    throw reworded(error, () => ({
      message: `what "${name}" holds does not fit the ${key.keySpec} key of "${keyName}"`,
      hints: ['kms-asym decrypt it, and encrypt it with --format age, which takes any size'],
    }));
  }
}

function describe(decrypted: Decrypted, key: NamedKey): Rewrapped {
  const { KeyId, KeyVersionId, Region, RequestId } = decrypted;
  return {
    Status: 'rewrapped',
    Format: 'oaep',
    Encoding: decrypted.Encoding,
    Recipients: [describeKey(key)],
    OpenedBy: { KeyId, KeyVersionId, Region, RequestId },
  };
}

/** A plaintext that goes nowhere. */
class Kept implements Output {
  readonly name = 'memory';
  readonly isReleased = false;
  bytes = Buffer.alloc(0);

  check(): void {
    // There is always room.
  }

  write(bytes: Uint8Array): Promise<void> {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    bytes.fill(0);
    return Promise.resolve();
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {
    this.bytes.fill(0);
  }
}
