/** `create-key`: CreateKey, then the version that came with it. */
import { Option, type Command } from 'commander';
import { KmsAsymError, reworded } from '../../errors.js';
import type { KeyMetadata, KmsClient } from '../../kms/client.js';
import { requireAliasName } from '../alias-name.js';
import type { Context } from '../context.js';
import { collect, text, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';
import { knownError } from '../unexpected-error.js';

interface Options extends GlobalOptions {
  readonly keySpec: string;
  readonly keyUsage: string;
  readonly protectionLevel: string;
  readonly instanceId?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly alias?: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(new Option('--key-spec <spec>', 'key spec').argParser(text).default('RSA_2048'))
    .addOption(new Option('--key-usage <usage>', 'key usage').argParser(text).default('ENCRYPT/DECRYPT'))
    .addOption(
      new Option('--protection-level <level>', 'protection level')
        .choices(['HSM', 'SOFTWARE'])
        .default('HSM'),
    )
    .addOption(new Option('--instance-id <id>', 'KMS instance to create the key in, kst-…').argParser(text))
    .addOption(new Option('--description <text>', 'description of the key').argParser(text))
    .addOption(new Option('--tag <key=value>', 'tag, may be repeated').argParser(collect))
    .addOption(new Option('--alias <name>', 'alias to create for the key, alias/…').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, command: Command) => run(command.optsWithGlobals(), context));
}

const EXAMPLES = `
Prints KeyId and KeyVersionId; with -q only the KeyId:
  KEY_ID=$(kms-asym create-key -q)
  kms-asym create-key --key-spec RSA_3072 --instance-id kst-… --alias alias/backup`;

async function run(options: Options, context: Context): Promise<void> {
  const tags = parseTags(options.tag ?? []);
  if (options.alias !== undefined) requireAliasName(options.alias);
  const region = chooseRegion(options, context.env);
  await withKms(context, options, region, async (kms) => {
    const key = await kms.createKey({
      keySpec: options.keySpec,
      keyUsage: options.keyUsage,
      protectionLevel: options.protectionLevel,
      origin: 'Aliyun_KMS',
      ...(options.instanceId !== undefined && { instanceId: options.instanceId }),
      ...(options.description !== undefined && { description: options.description }),
      ...(tags.length > 0 && { tags }),
    });
    await announce(kms, key, options, region, context);
  });
}

/** The key exists and costs money from here on: its id goes out before anything else can fail. */
async function announce(
  kms: KmsClient,
  key: KeyMetadata,
  options: Options,
  region: string | undefined,
  { terminal }: Context,
): Promise<void> {
  const { json, quiet, alias } = options;
  if (json !== true) await terminal.data(quiet === true ? `${key.keyId}\n` : `KeyId: ${key.keyId}\n`);
  const keyVersionId = await firstVersion(kms, key.keyId).catch(async (error: unknown) => {
    const { message } = knownError(error);
    await terminal.warn(`key "${key.keyId}" was created, but its version is not known yet: ${message}`);
    return undefined;
  });
  if (json !== true && quiet !== true && keyVersionId !== undefined) {
    await terminal.data(`KeyVersionId: ${keyVersionId}\n`);
  }
  const aliasError = alias === undefined ? undefined : await tryAlias(kms, key.keyId, alias);
  if (json === true) {
    await terminal.json({
      KeyId: key.keyId,
      KeyVersionId: keyVersionId,
      KeySpec: key.keySpec,
      KeyUsage: key.keyUsage,
      KeyState: key.keyState,
      ProtectionLevel: key.protectionLevel,
      Origin: key.origin,
      Arn: key.arn,
      CreationDate: key.creationDate,
      Region: region,
      Alias: aliasError === undefined ? alias : undefined,
      RequestId: key.requestId,
    });
  }
  if (aliasError !== undefined) throw aliasError as Error;
}

async function firstVersion(kms: KmsClient, keyId: string): Promise<string | undefined> {
  return (await kms.listKeyVersions(keyId))[0]?.keyVersionId;
}

async function tryAlias(kms: KmsClient, keyId: string, alias: string): Promise<unknown> {
  try {
    await kms.createAlias(keyId, alias);
    return undefined;
  } catch (error) {
    return reworded(error, ({ message, hints }) => ({
      message: `key "${keyId}" was created, but not its alias: ${message}`,
      hints: [...hints, 'the key stays; do not run create-key again for it'],
    }));
  }
}

function parseTags(tags: readonly string[]): { key: string; value: string }[] {
  return tags.map((tag) => {
    const split = tag.indexOf('=');
    if (split > 0) return { key: tag.slice(0, split), value: tag.slice(split + 1) };
    throw new KmsAsymError('usage', `"${tag}" is not a tag`, { hints: ['write it as --tag key=value'] });
  });
}
