/** `decrypt`: AsymmetricDecrypt opens a raw ciphertext, or the file key of an age file; the private key stays in KMS. */
import { Option, type Command } from 'commander';
import { OAEP_ALGORITHMS } from '../../crypto/algorithms.js';
import { openInput } from '../../io/input.js';
import type { Context } from '../context.js';
import { decryptInput } from '../decrypt-input.js';
import type { DecryptOptions } from '../decryption.js';
import { KmsClients } from '../kms-clients.js';
import { collect, text } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
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
  const clients = new KmsClients(context, options);
  try {
    const output = openOutput(options, context, { secret: true, kind: 'binary', input });
    output.check();
    const decrypted = await decryptInput({ options, context, clients }, input, output);
    const { KeyId, KeyVersionId, Algorithm, Encoding } = decrypted;
    await context.terminal.detail(
      `key ${KeyId ?? 'none'}, version ${KeyVersionId ?? 'none'}, ${Algorithm ?? 'none'}, ${Encoding} input`,
    );
    if (options.json === true) {
      await context.terminal.json({ Input: input.name, Output: options.output, ...decrypted });
    }
  } finally {
    input.close();
    await clients.close();
  }
}
