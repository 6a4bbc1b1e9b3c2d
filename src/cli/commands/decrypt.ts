/** `decrypt`: AsymmetricDecrypt; the private key never leaves KMS. */
import { Option, type Command } from 'commander';
import { DEFAULT_OAEP_ALGORITHM, OAEP_ALGORITHMS } from '../../crypto/algorithms.js';
import { MAX_CIPHERTEXT_INPUT_BYTES, parseCiphertext, type Ciphertext } from '../../crypto/ciphertext.js';
import { requireEncryptionKey } from '../../crypto/public-key.js';
import { KmsAsymError } from '../../errors.js';
import { openInput, readUpTo, type Input } from '../../io/input.js';
import type { DecryptOutput, KmsClient } from '../../kms/client.js';
import type { Context } from '../context.js';
import { chooseKeySource, type KeyOptions, type KeySource } from '../key-source.js';
import { onlyVersion } from '../key-version.js';
import { text, type GlobalOptions } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';
import { chooseRegion, withKms } from '../settings.js';

interface Options extends GlobalOptions, KeyOptions {
  readonly output?: string;
  readonly algorithm: string;
}

/** Adds the subcommand. */
export function register(program: Command, context: Context): void {
  program
    .command('decrypt')
    .description('decrypt a file or stdin through KMS')
    .argument('[input]', 'file to decrypt, raw or base64; without it, or with -, stdin')
    .addOption(new Option('--key-id <id>', 'key id or alias/… (env: KMS_ASYM_KEY_ID)').argParser(text))
    .addOption(
      new Option('--key-version-id <id>', 'key version (env: KMS_ASYM_KEY_VERSION_ID)').argParser(text),
    )
    .addOption(
      new Option(
        '--public-key <file>',
        'public key file whose lines name key and version (env: KMS_ASYM_PUBLIC_KEY)',
      ).argParser(text),
    )
    .addOption(
      new Option('--algorithm <name>', 'encryption algorithm')
        .choices(Object.keys(OAEP_ALGORITHMS))
        .default(DEFAULT_OAEP_ALGORITHM),
    )
    .addOption(
      new Option('-o, --output <file>', 'file to write (mode 0600); default is stdout').argParser(text),
    )
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: Options, command: Command) =>
      run(input, command.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
Writes exactly the plaintext bytes. Takes raw ciphertext and base64 (wrapped, CRLF, URL-safe).
  kms-asym decrypt --public-key backup.pem password.enc -o password.txt
  kms-asym decrypt --key-id alias/backup < password.enc`;

async function run(inputPath: string | undefined, options: Options, context: Context): Promise<void> {
  requireOutputFile(options);
  const source = chooseKeySource(options, context.env);
  const keyId = requireNamedKey(source);
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const output = openOutput(options, context, { secret: true, kind: 'binary', input });
    output.check();
    const ciphertext = await readCiphertext(input, source);
    const region = chooseRegion(options, context.env, 'file' in source ? source.file.region : undefined);
    const answer = await withKms(context, options, region, (kms) =>
      decrypt(kms, keyId, source, options.algorithm, ciphertext, input.name),
    );
    await context.terminal.detail(
      `key ${answer.keyId}, version ${answer.keyVersionId}, ${options.algorithm}, ${ciphertext.encoding} input`,
    );
    await output.write(answer.plaintext);
    await output.commit();
    if (options.json !== true) return;
    await context.terminal.json({
      Format: 'oaep',
      Algorithm: options.algorithm,
      KeyId: answer.keyId,
      KeyVersionId: answer.keyVersionId,
      Region: region,
      Input: input.name,
      Output: options.output,
      CiphertextBytes: ciphertext.bytes.length,
      PlaintextBytes: answer.plaintext.length,
      RequestId: answer.requestId,
    });
  } finally {
    input.close();
  }
}

function requireNamedKey(source: KeySource): string {
  const keyId = 'file' in source ? source.file.keyId : source.locator.keyId;
  if (keyId !== undefined) return keyId;
  throw new KmsAsymError(
    'usage',
    'the public key file has no KeyId line, so it does not say which key decrypts',
    {
      hints: ['add --key-id ID', 'or write the file with kms-asym get-public-key, without --bare'],
    },
  );
}

async function readCiphertext(input: Input, source: KeySource): Promise<Ciphertext> {
  const { bytes, truncated } = await readUpTo(input, MAX_CIPHERTEXT_INPUT_BYTES);
  if (truncated) {
    throw new KmsAsymError('invalid-ciphertext', `"${input.name}" is too long to be one RSA ciphertext`, {
      hints: ['encrypt writes 256, 384 or 512 bytes, or their base64'],
    });
  }
  const ciphertext = parseCiphertext(bytes, input.name);
  if ('file' in source) {
    const key = requireEncryptionKey(source.file.publicKey, source.file.fileName);
    if (key.modulusBytes !== ciphertext.bytes.length) {
      throw new KmsAsymError(
        'key-mismatch',
        `"${input.name}" holds a ciphertext of ${ciphertext.bytes.length} bytes, but the ${key.keySpec} key of ` +
          `"${source.file.fileName}" makes ${key.modulusBytes}`,
        { hints: ['it was encrypted to another key'] },
      );
    }
  }
  return ciphertext;
}

async function decrypt(
  kms: KmsClient,
  keyId: string,
  source: KeySource,
  algorithm: string,
  ciphertext: Ciphertext,
  inputName: string,
): Promise<DecryptOutput> {
  const locator = 'file' in source ? source.file : source.locator;
  const keyVersionId = locator.keyVersionId ?? (await onlyVersion(kms, keyId));
  try {
    return await kms.asymmetricDecrypt({ keyId, keyVersionId }, algorithm, ciphertext.bytes);
  } catch (error) {
    throw undecryptable(error, inputName, keyVersionId, algorithm);
  }
}

/** The service answers every ciphertext that does not decrypt with InvalidParameter; to a person that is bad data. */
function undecryptable(error: unknown, inputName: string, keyVersionId: string, algorithm: string): unknown {
  if (!(error instanceof KmsAsymError) || error.service?.code !== 'InvalidParameter') return error;
  const other = Object.keys(OAEP_ALGORITHMS).find((name) => name !== algorithm);
  return new KmsAsymError(
    'undecryptable',
    `"${inputName}" does not decrypt with key version "${keyVersionId}"`,
    {
      hints: [
        'it may be damaged, or encrypted to another key or version: compare with the public key that was used',
        ...(other === undefined ? [] : [`if it was made with another hash: --algorithm ${other}`]),
      ],
      cause: error,
      service: error.service,
    },
  );
}
