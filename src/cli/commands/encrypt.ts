/** `encrypt`: local RSA-OAEP to a public key; with `--public-key` no network and no credentials. */
import { Option, type Command } from 'commander';
import { DEFAULT_OAEP_ALGORITHM, maxPlaintextBytes } from '../../crypto/algorithms.js';
import { encodeBase64 } from '../../crypto/encoding.js';
import { encryptOaep } from '../../crypto/oaep.js';
import { requireEncryptionKey, type EncryptionKey } from '../../crypto/public-key.js';
import { checkFingerprint, type KeyLocator } from '../../crypto/public-key-file.js';
import { KmsAsymError } from '../../errors.js';
import { openInput, readUpTo, type Input } from '../../io/input.js';
import type { Context } from '../context.js';
import { fetchPublicKey } from '../fetch-public-key.js';
import { chooseKeySource, requireKeyId, type KeyOptions } from '../key-source.js';
import { text, type GlobalOptions } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';
import { chooseRegion, withKms } from '../settings.js';

interface Options extends GlobalOptions, KeyOptions {
  readonly output?: string;
  readonly format: 'oaep';
  readonly armor?: boolean;
  readonly expectFingerprint?: string;
}

/** The key to encrypt to, where it belongs, and what to call it in messages. */
interface Recipient extends KeyLocator {
  readonly key: EncryptionKey;
  readonly name: string;
}

/** Adds the subcommand. */
export function register(program: Command, context: Context): void {
  program
    .command('encrypt')
    .description('encrypt a file or stdin to a public key, locally')
    .argument('[input]', 'file to encrypt; without it, or with -, stdin')
    .addOption(
      new Option('--public-key <file>', 'public key file (env: KMS_ASYM_PUBLIC_KEY)').argParser(text),
    )
    .addOption(
      new Option('--key-id <id>', 'fetch the public key of this key (env: KMS_ASYM_KEY_ID)').argParser(text),
    )
    .addOption(new Option('--key-version-id <id>', 'key version to fetch; else the newest').argParser(text))
    .addOption(new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text))
    .addOption(new Option('--format <format>', 'format of the ciphertext').choices(['oaep']).default('oaep'))
    .option('-a, --armor', 'write text: one line of base64')
    .addOption(new Option('--expect-fingerprint <fp>', 'refuse any other key (SHA256:…)').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: Options, command: Command) =>
      run(input, command.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
RSA-OAEP with SHA-256 and MGF1-SHA-256 carries 190, 318 or 446 bytes (RSA_2048, RSA_3072, RSA_4096).
  kms-asym encrypt --public-key backup.pem password.txt -o password.enc
  printf %s "$TOKEN" | kms-asym encrypt --public-key backup.pem --armor`;

async function run(inputPath: string | undefined, options: Options, context: Context): Promise<void> {
  requireOutputFile(options);
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const kind = options.armor === true ? 'text' : 'binary';
    const output = openOutput(options, context, { secret: false, kind, input });
    output.check();
    const recipient = await findRecipient(options, context);
    if (options.expectFingerprint !== undefined) {
      checkFingerprint(recipient.key, options.expectFingerprint, recipient.name);
    }
    await context.terminal.detail(
      `key ${recipient.key.keySpec}, fingerprint SHA256:${recipient.key.fingerprint}`,
    );
    await context.terminal.detail(`format ${options.format}, ${DEFAULT_OAEP_ALGORITHM}`);
    const { plaintextBytes, ciphertext } = await encryptInput(input, recipient.key);
    await output.write(options.armor === true ? Buffer.from(`${encodeBase64(ciphertext)}\n`) : ciphertext);
    await output.commit();
    if (options.json !== true) return;
    await context.terminal.json({
      Format: options.format,
      Algorithm: DEFAULT_OAEP_ALGORITHM,
      Armor: options.armor === true,
      KeySpec: recipient.key.keySpec,
      Fingerprint: `SHA256:${recipient.key.fingerprint}`,
      KeyId: recipient.keyId,
      KeyVersionId: recipient.keyVersionId,
      Region: recipient.region,
      Input: input.name,
      Output: options.output,
      PlaintextBytes: plaintextBytes,
      CiphertextBytes: ciphertext.length,
    });
  } finally {
    input.close();
  }
}

async function encryptInput(
  input: Input,
  key: EncryptionKey,
): Promise<{ plaintextBytes: number; ciphertext: Buffer }> {
  // One byte more than the key carries is enough to know that the input is too long.
  const limit = maxPlaintextBytes(key.modulusBytes, DEFAULT_OAEP_ALGORITHM);
  const { bytes } = await readUpTo(input, limit + 1);
  const ciphertext = encryptOaep(key, bytes);
  const plaintextBytes = bytes.length;
  bytes.fill(0);
  return { plaintextBytes, ciphertext };
}

async function findRecipient(options: Options, context: Context): Promise<Recipient> {
  const source = chooseKeySource(options, context.env);
  if ('file' in source) {
    const { publicKey, fileName, ...locator } = source.file;
    return { ...locator, key: requireEncryptionKey(publicKey, fileName), name: fileName };
  }
  const region = chooseRegion(options, context.env);
  const locator = requireKeyId(options, context.env);
  const fetched = await withKms(context, options, region, (kms) =>
    fetchPublicKey(kms, locator, context.terminal),
  );
  const { keyId, keyVersionId } = fetched;
  if (fetched.isForSigning) {
    throw new KmsAsymError(
      'key-mismatch',
      `key "${keyId}" is for SIGN/VERIFY: KMS would never decrypt with it`,
      {
        hints: ['take a key with KeyUsage ENCRYPT/DECRYPT; "kms-asym create-key" makes one'],
      },
    );
  }
  const key = requireEncryptionKey(fetched.publicKey, keyId);
  return { key, name: locator.keyId, keyId, keyVersionId, ...(region !== undefined && { region }) };
}
