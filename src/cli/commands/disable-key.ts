/** `disable-key`: DisableKey. */
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { defineStateChange } from '../key-state-change.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  defineStateChange(command, context, {
    change: (kms, keyId) => kms.disableKey(keyId),
    state: 'Disabled',
    note: (keyId) =>
      `key "${keyId}" is disabled: KMS neither decrypts nor signs with it until "kms-asym enable-key --key-id ${keyId}"`,
    help: `
Nothing is lost: enable-key undoes it. Who has the public key can still encrypt.
  kms-asym disable-key --key-id key-…`,
  });
}
