/** `identity`: an identity file of age that says which KMS keys may be asked. */
import { Option, type Command } from 'commander';
import { encodeKmsIdentity } from '../../age/kms-identity-string.js';
import { encodeKmsRecipient } from '../../age/kms-recipient-string.js';
import { locatorOf } from '../../crypto/key-locator.js';
import type { Context } from '../context.js';
import {
  findEncryptionKey,
  regionOfKey,
  type EncryptionKeyFlags,
  type NamedKey,
} from '../encryption-keys.js';
import { text } from '../options.js';
import { openOutputBesideJson } from '../output-option.js';
import { fromEnv } from '../settings.js';

interface Options extends EncryptionKeyFlags {
  readonly output?: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(
      new Option('--public-key <file>', 'public key file of the key (env: KMS_ASYM_PUBLIC_KEY)').argParser(
        text,
      ),
    )
    .addOption(new Option('--key-id <id>', 'the key (env: KMS_ASYM_KEY_ID)').argParser(text))
    .addOption(new Option('--key-version-id <id>', 'only this version; else every version').argParser(text))
    .addOption(new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, command: Command) => run(command.optsWithGlobals(), context));
}

const EXAMPLES = `
The identity is not a secret: it says where a key is, and KMS decides who may use it. Without a key it stands for every
key that the credentials may use.
  kms-asym identity > identity.txt
  age -d -i identity.txt secrets.age`;

async function run(options: Options, context: Context): Promise<void> {
  const output = openOutputBesideJson(options, context, { kind: 'text' });
  const named = await findKey(options, context);
  const region = named ? regionOfKey(named, options, context.env) : options.region;
  // Without a version, what was encrypted to earlier and later ones opens too.
  const locator = locatorOf({ region, keyId: named?.keyId, keyVersionId: options.keyVersionId });
  const identity = encodeKmsIdentity(locator);
  const recipient = named && recipientOf(named, region);
  if (output) {
    const lines = [
      `# created: ${new Date().toISOString().replace(/\.\d+/, '')}`,
      ...(recipient === undefined ? [] : [`# recipient: ${recipient}`]),
      identity,
    ];
    await output.write(Buffer.from(lines.map((line) => `${line}\n`).join('')));
    await output.commit();
  }
  if (options.json !== true) return;
  const { keyId, keyVersionId } = locator;
  await context.terminal.json({
    Identity: identity,
    Recipient: recipient,
    KeyId: keyId,
    KeyVersionId: keyVersionId,
    Region: region,
    Output: options.output,
  });
}

async function findKey(options: Options, context: Context): Promise<NamedKey | undefined> {
  const variables = ['KMS_ASYM_PUBLIC_KEY', 'KMS_ASYM_KEY_ID'].map((name) => fromEnv(context.env, name));
  const isNamed = [options.publicKey, options.keyId, ...variables].some((name) => name !== undefined);
  return isNamed ? findEncryptionKey(options, context) : undefined;
}

/** A key whose file does not say all of it has an identity, but no recipient. */
function recipientOf({ key, keyId, keyVersionId }: NamedKey, region: string | undefined): string | undefined {
  if (region === undefined || keyId === undefined || keyVersionId === undefined) return undefined;
  return encodeKmsRecipient({ key, locator: { region, keyId, keyVersionId } });
}
