/**
 * `encrypt`: local and offline. What fits the key becomes one RSA-OAEP ciphertext, which openssl and KMS understand;
 * what is longer, or for several recipients, an age file. Only a key that is named by its id, and `--verify`, ask the
 * service.
 */
import { Option, type Command } from 'commander';
import { openInput, type Input } from '../../io/input.js';
import { namesAgeRecipients, readAgeRecipients } from '../age-recipients.js';
import type { Context } from '../context.js';
import { encryptInput } from '../encrypt-input.js';
import { FORMATS, type Encrypted, type EncryptOptions } from '../encryption.js';
import { findEncryptionKeys, type NamedKey } from '../encryption-keys.js';
import { KmsClients } from '../kms-clients.js';
import { collect, text } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';
import { fromEnv } from '../settings.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command.argument('[input]', 'file to encrypt; without it, or with -, stdin');
  for (const option of [...recipientOptions(), ...outputOptions()]) command.addOption(option);
  command
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: EncryptOptions, command: Command) =>
      run(input, command.optsWithGlobals(), context),
    );
}

function recipientOptions(): Option[] {
  return [
    new Option(
      '--public-key <file>',
      'public key file (env: KMS_ASYM_PUBLIC_KEY); repeatable, any of the keys opens the result',
    ).argParser(collect),
    new Option('--key-id <id>', 'fetch the public key of this key (env: KMS_ASYM_KEY_ID)').argParser(text),
    new Option('--key-version-id <id>', 'key version to fetch; else the newest').argParser(text),
    new Option('-r, --recipient <age1…>', 'also encrypt to this age recipient; repeatable').argParser(
      collect,
    ),
    new Option(
      '-R, --recipients-file <file>',
      'also to the age recipients of this file; repeatable',
    ).argParser(collect),
    new Option('--expect-fingerprint <fp>', 'refuse any other key (SHA256:…); repeatable').argParser(collect),
  ];
}

function outputOptions(): Option[] {
  return [
    new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text),
    new Option(
      '--format <format>',
      'oaep: one RSA ciphertext; age: an age file of any size; auto: oaep if the input fits',
    )
      .choices(FORMATS)
      .default('auto'),
    new Option('-a, --armor', 'write text: one line of base64, or age armor'),
    new Option('--verify', 'let KMS decrypt before the output gets its name: proof that it will'),
  ];
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
  const clients = new KmsClients(context, options);
  try {
    const kind = options.armor === true ? 'text' : 'binary';
    const output = openOutput(options, context, { secret: false, kind, input });
    output.check();
    const keys = await findKeys(options, context);
    const recipients = await readAgeRecipients(options);
    for (const { key } of keys) {
      await context.terminal.detail(`key ${key.keySpec}, fingerprint SHA256:${key.fingerprint}`);
    }
    const encrypted = await encryptInput({ keys, recipients, options, context, clients }, input, output);
    if (options.json === true) await context.terminal.json(describe(encrypted, options, input));
  } finally {
    input.close();
    await clients.close();
  }
}

/** Who names age recipients means those; a KMS key that only the environment names is not added in silence. */
async function findKeys(options: EncryptOptions, context: Context): Promise<readonly NamedKey[]> {
  const isKeyNamed = options.publicKey !== undefined || options.keyId !== undefined;
  if (isKeyNamed || !namesAgeRecipients(options)) return findEncryptionKeys(options, context);
  const ignored = ['KMS_ASYM_PUBLIC_KEY', 'KMS_ASYM_KEY_ID'].find((name) => fromEnv(context.env, name));
  if (ignored !== undefined) {
    await context.terminal.note(
      `only the recipients of -r and -R can open the result, not the key of ${ignored}`,
    );
  }
  return [];
}

function describe(encrypted: Encrypted, options: EncryptOptions, input: Input): Record<string, unknown> {
  return {
    Input: input.name,
    Output: options.output,
    Armor: options.armor === true,
    Verified: options.verify === true,
    ...encrypted,
  };
}
