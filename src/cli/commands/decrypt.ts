/** `decrypt`: AsymmetricDecrypt opens a raw ciphertext, or the file key of an age file; the private key stays in KMS. */
import { Option, type Command } from 'commander';
import { recognizeAge, RECOGNITION_BYTES } from '../../age/recognition.js';
import { OAEP_ALGORITHMS } from '../../crypto/algorithms.js';
import { KmsAsymError } from '../../errors.js';
import { openInput } from '../../io/input.js';
import { Peeked } from '../../io/peek.js';
import type { Context } from '../context.js';
import type { Decrypted, Decryption, DecryptOptions } from '../decryption.js';
import { collect, text } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';

/** Adds the subcommand. */
export function register(program: Command, context: Context): void {
  program
    .command('decrypt')
    .description('decrypt a file or stdin through KMS')
    .argument('[input]', 'file to decrypt: raw, base64, or an age file; without it, or with -, stdin')
    .addOption(
      new Option(
        '--key-id <id>',
        'key id or alias/… (env: KMS_ASYM_KEY_ID); age files for another key are refused',
      ).argParser(text),
    )
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
      new Option(
        '-i, --identity <file>',
        'open with the age identities of this file, and no others; repeatable',
      ).argParser(collect),
    )
    .addOption(new Option('--expect-fingerprint <fp>', 'refuse any other key (SHA256:…)').argParser(text))
    .addOption(
      new Option('--algorithm <name>', 'algorithm of raw ciphertext, if not RSAES_OAEP_SHA_256').choices(
        Object.keys(OAEP_ALGORITHMS),
      ),
    )
    .addOption(
      new Option('-o, --output <file>', 'file to write (mode 0600); default is stdout').argParser(text),
    )
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: DecryptOptions, command: Command) =>
      run(input, command.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
Writes exactly the plaintext bytes. Age files name their key themselves; raw ciphertext and its base64 (wrapped, CRLF,
URL-safe) need one to be named.
  kms-asym decrypt srv.tar.age | tar x
  kms-asym decrypt --public-key backup.pem password.enc -o password.txt
  kms-asym decrypt --key-id alias/backup < password.enc`;

async function run(inputPath: string | undefined, options: DecryptOptions, context: Context): Promise<void> {
  requireOutputFile(options);
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const output = openOutput(options, context, { secret: true, kind: 'binary', input });
    output.check();
    const ciphertext = new Peeked(input.chunks());
    const decrypted = await decrypt({ input, ciphertext, output, options, context });
    const { KeyId, KeyVersionId, Algorithm, Encoding } = decrypted;
    await context.terminal.detail(
      `key ${KeyId ?? 'none'}, version ${KeyVersionId ?? 'none'}, ${Algorithm ?? 'none'}, ${Encoding} input`,
    );
    if (options.json === true) {
      await context.terminal.json({ Input: input.name, Output: options.output, ...decrypted });
    }
  } finally {
    input.close();
  }
}

async function decrypt(decryption: Decryption): Promise<Decrypted> {
  const { ciphertext, options, input } = decryption;
  const encoding = recognizeAge((await ciphertext.peek(RECOGNITION_BYTES)).bytes);
  if (!encoding) {
    const { decryptOaep } = await import('../oaep-decryption.js');
    return decryptOaep(decryption);
  }
  if (options.algorithm !== undefined) {
    throw new KmsAsymError('usage', `"${input.name}" is an age file, which names its algorithm itself`, {
      hints: ['leave --algorithm out'],
    });
  }
  const { decryptAge } = await import('../age-decryption.js');
  return decryptAge(decryption, encoding);
}
