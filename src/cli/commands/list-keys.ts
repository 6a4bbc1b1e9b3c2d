/** `list-keys`: ListKeys, every page; since that gives ids only, also DescribeKey for each and ListAliases. */
import { Option, type Command } from 'commander';
import { KmsAsymError } from '../../errors.js';
import type { KmsClient } from '../../kms/client.js';
import type { Context } from '../context.js';
import { describeKeys, type DescribedKey } from '../key-list.js';
import { collect, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';
import { table } from '../table.js';

interface Options extends GlobalOptions {
  readonly filter?: readonly string[];
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(
      new Option(
        '--filter <name=value,…>',
        'only keys whose KeyState, KeySpec, KeyUsage, ProtectionLevel or DKMSInstanceId is one of these; repeatable',
      ).argParser(collect),
    )
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
With -q only the ids, which costs one call for a hundred keys in place of one for each.
  kms-asym list-keys --filter KeyState=Enabled,Disabled --filter KeyUsage=SIGN/VERIFY`;

async function run(options: Options, context: Context): Promise<void> {
  const filters = (options.filter ?? []).map(parseFilter);
  const region = chooseRegion(options, context.env);
  await withKms(context, options, region, async (kms) => {
    const listed = await kms.listKeys(filters);
    if (listed.length === 0 && options.json !== true) await context.terminal.note('no keys');
    else if (options.quiet !== true) await printDetails(kms, listed, options, context);
    else if (options.json === true) {
      await context.terminal.json({ Keys: listed.map(({ keyId, arn }) => ({ KeyId: keyId, Arn: arn })) });
    } else await context.terminal.data(listed.map(({ keyId }) => `${keyId}\n`).join(''));
  });
}

async function printDetails(
  kms: KmsClient,
  listed: Awaited<ReturnType<KmsClient['listKeys']>>,
  options: Options,
  { terminal }: Context,
): Promise<void> {
  const { keys, failures } = await describeKeys(kms, listed);
  if (options.json === true) await terminal.json({ Keys: keys });
  else await terminal.data(table([...COLUMNS, 'Aliases'], keys.map(rowOf)));
  for (const failure of failures) await terminal.warn(failure);
}

const COLUMNS = ['KeyId', 'KeyState', 'KeySpec', 'KeyUsage', 'CreationDate'] as const;

function rowOf(key: DescribedKey): (string | undefined)[] {
  return [...COLUMNS.map((name) => key[name]), key.Aliases?.join(', ')];
}

function parseFilter(filter: string): { name: string; values: string[] } {
  const split = filter.indexOf('=');
  const values = filter.slice(split + 1).split(',');
  if (split > 0 && !values.includes('')) return { name: filter.slice(0, split), values };
  throw new KmsAsymError('usage', `"${filter}" is not a filter`, {
    hints: ['write it as --filter KeyState=Enabled or --filter KeySpec=RSA_2048,RSA_3072'],
  });
}
