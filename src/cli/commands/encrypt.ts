/**
 * `encrypt`: local and offline. What fits the key becomes one RSA-OAEP ciphertext, which openssl and KMS understand;
 * what is longer, or for several recipients, an age file. Only a key that is named by its id, and `--verify`, ask the
 * service.
 */
import { Option, type Command } from 'commander';
import { openInput, type Input } from '../../io/input.js';
import type { Output } from '../../io/output.js';
import { namesAgeRecipients, readAgeRecipients } from '../age-recipients.js';
import { batchOptions, isBatch, type AskedBatch } from '../batch/options.js';
import type { Context } from '../context.js';
import { encryptInput } from '../encrypt-input.js';
import { FORMATS, type Encrypted, type EncryptionRun, type EncryptOptions } from '../encryption.js';
import { findEncryptionKeys, type NamedKey } from '../encryption-keys.js';
import { KmsClients } from '../kms-clients.js';
import { collect, text } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';
import { fromEnv } from '../settings.js';
import type { JsonObject } from '../terminal.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command.argument(
    '[input...]',
    'file to encrypt; without it, or with -, stdin; with --output-dir files and directories',
  );
  const ofMany = batchOptions('what names get (default: .age, or .enc with --format oaep)');
  for (const option of [...recipientOptions(), ...outputOptions(), ...ofMany]) command.addOption(option);
  command
    .addHelpText('after', EXAMPLES)
    .action((inputs: string[], _options: EncryptOptions, self: Command) => {
      const options: EncryptOptions = self.optsWithGlobals();
      return isBatch(inputs, options) ? runMany(inputs, options, context) : run(inputs[0], options, context);
    });
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
      'oaep: one RSA ciphertext; age: an age file of any size; auto: oaep if a single input fits',
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
  tar c /srv | kms-asym encrypt --public-key backup.pem --format age > srv.tar.age
  kms-asym encrypt --public-key backup.pem secrets --output-dir encrypted --skip-existing`;

async function run(inputPath: string | undefined, options: EncryptOptions, context: Context): Promise<void> {
  requireOutputFile(options);
  const input = openInput(inputPath, context.stdio.stdin);
  const clients = new KmsClients(context, options);
  try {
    const kind = options.armor === true ? 'text' : 'binary';
    const output = openOutput(options, context, { secret: false, kind, textFlag: '--armor', input });
    output.check();
    const encrypted = await encryptInput(await prepare(options, context, clients), input, output);
    if (options.json === true) {
      await context.terminal.json({
        Input: input.name,
        Output: options.output,
        ...describe(encrypted, options),
      });
    }
  } finally {
    input.close();
    await clients.close();
  }
}

async function runMany(
  inputs: readonly string[],
  given: EncryptOptions & AskedBatch,
  context: Context,
): Promise<void> {
  const [{ runBatch }, { appending }] = await Promise.all([
    import('../batch/run.js'),
    import('../batch/result-path.js'),
  ]);
  // Names must not depend on contents, nor what opens the results.
  const options = { ...given, format: given.format === 'auto' ? 'age' : given.format } as const;
  const operation = {
    done: 'encrypted',
    secret: false,
    rename: appending(options.suffix ?? (options.format === 'oaep' ? '.enc' : '.age')),
    prepare: async (shared: Context, clients: KmsClients) => {
      const encryption = await prepare(options, shared, clients);
      return async (input: Input, output: Output) =>
        describe(await encryptInput(encryption, input, output), options);
    },
  };
  await runBatch(inputs, operation, options, context);
}

async function prepare(
  options: EncryptOptions,
  context: Context,
  clients: KmsClients,
): Promise<EncryptionRun> {
  const keys = await findKeys(options, context);
  const recipients = await readAgeRecipients(options);
  for (const { key } of keys) {
    await context.terminal.detail(`key ${key.keySpec}, fingerprint SHA256:${key.fingerprint}`);
  }
  return { keys, recipients, options, context, clients };
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

function describe(encrypted: Encrypted, options: EncryptOptions): JsonObject {
  return {
    Armor: options.armor === true,
    Verified: options.verify === true,
    ...encrypted,
  };
}
