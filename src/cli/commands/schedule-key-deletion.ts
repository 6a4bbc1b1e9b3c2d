/** `schedule-key-deletion`: ScheduleKeyDeletion, the one action that takes data away for good. It asks first. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parsePublicKey } from '../../crypto/public-key.js';
import { KmsAsymError } from '../../errors.js';
import type { KeyMetadata, KmsClient } from '../../kms/client.js';
import type { Context } from '../context.js';
import { aliasesOf } from '../key-aliases.js';
import { requiredKeyId } from '../key-id.js';
import type { KeyUses } from '../key-uses.js';
import { collect, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';
import { printable } from '../terminal.js';

interface Options extends GlobalOptions {
  readonly keyId: string;
  readonly pendingWindowInDays: number;
  readonly yes?: boolean;
  readonly unlessUsedBy?: readonly string[];
}

/** What the service takes; it has no default. */
const WINDOW_DAYS = { min: 7, max: 366 };

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  const { min, max } = WINDOW_DAYS;
  command
    .addOption(requiredKeyId())
    .addOption(
      new Option('--pending-window-in-days <n>', `days until the key is gone, ${min} to ${max}`)
        .argParser(parseDays)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--unless-used-by <path...>',
        'refuse when one of these files, or a file in these directories, needs the key',
      ).argParser(collect),
    )
    .option('--yes', 'do not ask; needed where there is no terminal to ask on')
    .addHelpText('after', NOTES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const NOTES = `
When the days are over, nobody can decrypt what was encrypted to the key, ever. Until then cancel-key-deletion saves it.
--unless-used-by looks at headers, offline, and follows no links in directories. Raw RSA ciphertext names no key: what
has the length of the key's counts too.
  kms-asym schedule-key-deletion --key-id key-… --pending-window-in-days 30 --unless-used-by backups/`;

async function run(options: Options, context: Context): Promise<void> {
  const { terminal } = context;
  if (options.yes !== true && !terminal.isAttended) throw unasked();
  const region = chooseRegion(options, context.env);
  await withKms(context, options, region, async (kms) => {
    const key = await kms.describeKey(options.keyId);
    const { keyId } = key;
    if (options.unlessUsedBy) await refuseUsed(kms, key, options.unlessUsedBy, context);
    if (options.yes !== true) await ask(kms, key, options, context);
    const { requestId } = await kms.scheduleKeyDeletion(keyId, options.pendingWindowInDays);
    // It is scheduled, whatever becomes of the question when exactly.
    const date = (await kms.describeKey(keyId).catch(() => undefined))?.deleteDate;
    const end = date === undefined ? `in ${options.pendingWindowInDays} days` : `on ${date}`;
    await terminal.note(
      `key "${keyId}" will be deleted ${end}; until then "kms-asym cancel-key-deletion --key-id ${keyId}" saves it`,
    );
    if (options.json !== true) return;
    await terminal.json({
      KeyId: keyId,
      KeyState: 'PendingDeletion',
      DeleteDate: date,
      RequestId: requestId,
    });
  });
}

async function refuseUsed(
  kms: KmsClient,
  key: KeyMetadata,
  paths: readonly string[],
  { terminal }: Context,
): Promise<void> {
  const { findKeyUses } = await import('../key-uses.js');
  const { keyId, keySpec } = key;
  const uses = await findKeyUses(paths, { keyId, keySpec, fingerprints: await fingerprintsOf(kms, keyId) });
  if (uses.files === 0) throw nothingThere();
  const all = [...uses.certain, ...uses.possible];
  if (all.length === 0) {
    await terminal.note(`none of ${uses.files} files needs key "${keyId}"`);
    return;
  }
  // Paths alone, for the next program.
  if (terminal.verbosity.json)
    await terminal.json({ KeyId: keyId, UsedBy: uses.certain, MayBeUsedBy: uses.possible });
  else await terminal.data(all.map((path) => `${printable(path)}\n`).join(''));
  throw inUse(keyId, uses);
}

async function fingerprintsOf(kms: KmsClient, keyId: string): Promise<string[]> {
  const fingerprints: string[] = [];
  for (const { keyVersionId } of await kms.listKeyVersions(keyId)) {
    const { publicKeyPem } = await kms.getPublicKey({ keyId, keyVersionId });
    fingerprints.push(parsePublicKey(Buffer.from(publicKeyPem), keyId).fingerprint);
  }
  return fingerprints;
}

async function ask(kms: KmsClient, key: KeyMetadata, options: Options, context: Context): Promise<void> {
  const { terminal } = context;
  const names = (await aliasesOf(kms, key.keyId, context)) ?? [];
  const facts = [...names, key.keySpec, key.creationDate && `created ${key.creationDate}`].filter(Boolean);
  await terminal.warn(
    `in ${options.pendingWindowInDays} days nobody can decrypt any more what was encrypted to key "${key.keyId}" (${facts.join(', ')})`,
  );
  if ((await terminal.ask('schedule its deletion? Type yes:')) === 'yes') return;
  throw new KmsAsymError('usage', 'nothing is scheduled: the answer was not "yes"');
}

function unasked(): KmsAsymError {
  return new KmsAsymError('usage', 'there is no terminal to ask on whether the key is to be deleted', {
    hints: ['--yes answers in advance', '--unless-used-by PATH refuses while files there need the key'],
  });
}

function nothingThere(): KmsAsymError {
  return new KmsAsymError('usage', 'nothing is scheduled: there is no file where --unless-used-by looks', {
    hints: ['is something not mounted? Links in directories are not followed: name what they lead to'],
  });
}

function inUse(keyId: string, { certain, possible }: KeyUses): KmsAsymError {
  const counts = [
    ...(certain.length > 0 ? [`files encrypted to it: ${certain.length}`] : []),
    ...(possible.length > 0 ? [`raw ciphertexts that may be: ${possible.length}`] : []),
  ];
  return new KmsAsymError('key-in-use', `key "${keyId}" is needed; ${counts.join(', ')}`, {
    hints: [
      'give them to another key: kms-asym rewrap --to new.pem PATH',
      ...(possible.length > 0 ? ['raw ciphertext names no key: leave out what belongs to others'] : []),
    ],
  });
}

function parseDays(value: string): number {
  const { min, max } = WINDOW_DAYS;
  const days = Number(value);
  if (/^\d{1,3}$/.test(value) && days >= min && days <= max) return days;
  throw new InvalidArgumentError(`Expected ${min} to ${max} days.`);
}
