/** `cancel-key-deletion`: CancelKeyDeletion. */
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { defineStateChange } from '../key-state-change.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  defineStateChange(command, context, {
    change: (kms, keyId) => kms.cancelKeyDeletion(keyId),
    state: 'Enabled',
    note: (keyId) => `key "${keyId}" will not be deleted, and is enabled, even if it was disabled before`,
    help: `
  kms-asym cancel-key-deletion --key-id key-…`,
  });
}
