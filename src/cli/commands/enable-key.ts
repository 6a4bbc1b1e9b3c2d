/** `enable-key`: EnableKey. */
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { defineStateChange } from '../key-state-change.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  defineStateChange(command, context, {
    change: (kms, keyId) => kms.enableKey(keyId),
    state: 'Enabled',
    note: (keyId) => `key "${keyId}" is enabled`,
    help: `
  kms-asym enable-key --key-id alias/backup`,
  });
}
