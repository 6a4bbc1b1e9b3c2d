/** `recipient`: a KMS key as a recipient of age, which carries all that encrypting to it takes. */
import { Option, type Command } from 'commander';
import { encodeKmsRecipient } from '../../age/kms-recipient-string.js';
import type { Context } from '../context.js';
import { findEncryptionKey, regionOfKey, type EncryptionKeyFlags } from '../encryption-keys.js';
import { text } from '../options.js';
import { openOutputBesideJson } from '../output-option.js';

interface Options extends EncryptionKeyFlags {
  readonly output?: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(
      new Option('--public-key <file>', 'public key file (env: KMS_ASYM_PUBLIC_KEY)').argParser(text),
    )
    .addOption(
      new Option('--key-id <id>', 'fetch the public key of this key (env: KMS_ASYM_KEY_ID)').argParser(text),
    )
    .addOption(new Option('--key-version-id <id>', 'key version to fetch; else the newest').argParser(text))
    .addOption(new Option('--expect-fingerprint <fp>', 'refuse any other key (SHA256:…)').argParser(text))
    .addOption(new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, command: Command) => run(command.optsWithGlobals(), context));
}

const EXAMPLES = `
A recipient holds the public key, region, KeyId and KeyVersionId: encrypting to it needs no network and no credentials.
It is public, and as trustworthy as the way it came: compare the fingerprint over another channel.
  kms-asym recipient --public-key backup.pem >> recipients.txt
  age -R recipients.txt -o secrets.age secrets.txt`;

async function run(options: Options, context: Context): Promise<void> {
  const output = openOutputBesideJson(options, context, { kind: 'text' });
  const named = await findEncryptionKey(options, context);
  const { key, keyId, keyVersionId } = named;
  const region = regionOfKey(named, options, context.env);
  const recipient = encodeKmsRecipient({
    key,
    locator: { ...named, ...(region !== undefined && { region }) },
  });
  if (output) {
    await output.write(Buffer.from(`${recipient}\n`));
    await output.commit();
  }
  await context.terminal.detail(`key ${key.keySpec}, fingerprint SHA256:${key.fingerprint}`);
  if (options.json !== true) return;
  await context.terminal.json({
    Recipient: recipient,
    KeySpec: key.keySpec,
    Fingerprint: `SHA256:${key.fingerprint}`,
    KeyId: keyId,
    KeyVersionId: keyVersionId,
    Region: region,
    Output: options.output,
  });
}
