/** The subcommands, in the order of the help. A new one is a file here and a line in this list. */
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { register as createKey } from './create-key.js';
import { register as decrypt } from './decrypt.js';
import { register as emulator } from './emulator.js';
import { register as encrypt } from './encrypt.js';
import { register as getPublicKey } from './get-public-key.js';
import { register as inspect } from './inspect.js';

/** Adds one subcommand to the program. */
export type Register = (program: Command, context: Context) => void;

/** All subcommands. */
export const COMMANDS: readonly Register[] = [createKey, getPublicKey, encrypt, decrypt, inspect, emulator];
