/** Commands that bring a key into another state and say so. */
import type { Command } from 'commander';
import type { ChangeOutput, KmsClient } from '../kms/client.js';
import type { Context } from './context.js';
import { requiredKeyId, resolveKeyId } from './key-id.js';
import type { GlobalOptions } from './options.js';
import { chooseRegion, withKms } from './settings.js';

/** One such command. */
export interface StateChange {
  readonly change: (kms: KmsClient, keyId: string) => Promise<ChangeOutput>;
  /** KeyState afterwards. */
  readonly state: string;
  /** What that means, for people. */
  readonly note: (keyId: string) => string;
  readonly help: string;
}

interface Options extends GlobalOptions {
  readonly keyId: string;
}

/** Gives the subcommand its arguments, options and action. */
export function defineStateChange(
  command: Command,
  context: Context,
  { change, state, note, help }: StateChange,
): void {
  const run = async (options: Options): Promise<void> => {
    const region = chooseRegion(options, context.env);
    await withKms(context, options, region, async (kms) => {
      const keyId = await resolveKeyId(kms, options.keyId);
      const { requestId } = await change(kms, keyId);
      await context.terminal.note(note(keyId));
      if (options.json !== true) return;
      await context.terminal.json({ KeyId: keyId, KeyState: state, RequestId: requestId });
    });
  };
  command
    .addOption(requiredKeyId())
    .addHelpText('after', help)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals()));
}
