/**
 * `encrypt`: local and offline. What fits the key becomes one RSA-OAEP ciphertext, which openssl and KMS understand;
 * what is longer, or for several recipients, an age file. Only a key that is named by its id, and `--verify`, ask the
 * service.
 */
import { Option, type Command } from 'commander';
import { maxPlaintextBytes, DEFAULT_OAEP_ALGORITHM } from '../../crypto/algorithms.js';
import { KmsAsymError } from '../../errors.js';
import { openInput, type Input } from '../../io/input.js';
import { Peeked } from '../../io/peek.js';
import type { Context } from '../context.js';
import { FORMATS, type Encrypted, type Encryption, type EncryptOptions } from '../encryption.js';
import { findEncryptionKeys, type NamedKeys } from '../encryption-keys.js';
import { encryptToOaep } from '../oaep-encryption.js';
import { collect, text } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';

/** Adds the subcommand. */
export function register(program: Command, context: Context): void {
  program
    .command('encrypt')
    .description('encrypt a file or stdin of any size to a public key, locally')
    .argument('[input]', 'file to encrypt; without it, or with -, stdin')
    .addOption(
      new Option(
        '--public-key <file>',
        'public key file (env: KMS_ASYM_PUBLIC_KEY); repeatable, any of the keys opens the result',
      ).argParser(collect),
    )
    .addOption(
      new Option('--key-id <id>', 'fetch the public key of this key (env: KMS_ASYM_KEY_ID)').argParser(text),
    )
    .addOption(new Option('--key-version-id <id>', 'key version to fetch; else the newest').argParser(text))
    .addOption(new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text))
    .addOption(
      new Option(
        '--format <format>',
        'oaep: one RSA ciphertext; age: an age file of any size; auto: oaep if the input fits',
      )
        .choices(FORMATS)
        .default('auto'),
    )
    .option('-a, --armor', 'write text: one line of base64, or age armor')
    .addOption(
      new Option('--expect-fingerprint <fp>', 'refuse any other key (SHA256:…); repeatable').argParser(
        collect,
      ),
    )
    .option('--verify', 'let KMS decrypt before the output gets its name: proof that it will')
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: EncryptOptions, command: Command) =>
      run(input, command.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
Up to 190, 318 or 446 bytes (RSA_2048, RSA_3072, RSA_4096) the result is plain RSA-OAEP with SHA-256, beyond that an age
file. Scripts should say which: --format oaep or --format age.
  kms-asym encrypt --public-key backup.pem password.txt -o password.enc
  printf %s "$TOKEN" | kms-asym encrypt --public-key backup.pem --format oaep --armor
  tar c /srv | kms-asym encrypt --public-key backup.pem --format age > srv.tar.age`;

async function run(inputPath: string | undefined, options: EncryptOptions, context: Context): Promise<void> {
  requireOutputFile(options);
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const kind = options.armor === true ? 'text' : 'binary';
    const output = openOutput(options, context, { secret: false, kind, input });
    output.check();
    const keys = await findEncryptionKeys(options, context);
    for (const { key } of keys) {
      await context.terminal.detail(`key ${key.keySpec}, fingerprint SHA256:${key.fingerprint}`);
    }
    const plaintext = new Peeked(input.chunks());
    const encrypted = await encrypt({ keys, input, plaintext, output, options, context });
    if (options.json === true) await context.terminal.json(describe(encrypted, keys, options, input));
  } finally {
    input.close();
  }
}

async function encrypt(encryption: Encryption): Promise<Encrypted> {
  const { keys, context } = encryption;
  const format = await chooseFormat(encryption);
  await context.terminal.detail(`format ${format}, ${DEFAULT_OAEP_ALGORITHM}`);
  if (format === 'age') {
    const { encryptToAge } = await import('../age-encryption.js');
    return encryptToAge(encryption);
  }
  return encryptToOaep(encryption, keys[0]);
}

async function chooseFormat({ keys, plaintext, options }: Encryption): Promise<'oaep' | 'age'> {
  if (options.format === 'age') return 'age';
  if (keys.length > 1) {
    if (options.format === 'auto') return 'age';
    throw new KmsAsymError('usage', 'one RSA ciphertext is for one key', {
      hints: ['--format age is for several'],
    });
  }
  if (options.format === 'oaep') return 'oaep';
  const limit = maxPlaintextBytes(keys[0].key.modulusBytes, DEFAULT_OAEP_ALGORITHM);
  return (await plaintext.peek(limit)).truncated ? 'age' : 'oaep';
}

function describe(
  encrypted: Encrypted,
  keys: NamedKeys,
  options: EncryptOptions,
  input: Input,
): Record<string, unknown> {
  return {
    Format: encrypted.format,
    Algorithm: DEFAULT_OAEP_ALGORITHM,
    Armor: options.armor === true,
    Recipients: keys.map(({ key, keyId, keyVersionId, region }) => ({
      KeySpec: key.keySpec,
      Fingerprint: `SHA256:${key.fingerprint}`,
      KeyId: keyId,
      KeyVersionId: keyVersionId,
      Region: region,
    })),
    Verified: options.verify === true,
    Input: input.name,
    Output: options.output,
    PlaintextBytes: encrypted.plaintextBytes,
    CiphertextBytes: encrypted.ciphertextBytes,
  };
}
