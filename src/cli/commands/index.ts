/**
 * The subcommands, in the order of the help. A new one is a file here and an entry in this list.
 *
 * A run needs the options of one subcommand and the names of all, so the rest of each is loaded when it is run.
 */
import type { Command } from 'commander';
import type { Context } from '../context.js';

/** What the help says about a subcommand, and where the rest of it is. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Definition>;
}

/** The file of a subcommand. */
export interface Definition {
  /** Gives the subcommand its arguments, options and action. */
  define(command: Command, context: Context): void;
}

/** Subcommands under one heading of the help. */
export interface Group {
  readonly heading: string;
  readonly entries: readonly Entry[];
}

/** All subcommands. */
export const GROUPS: readonly Group[] = [
  {
    heading: 'From a key to plaintext again:',
    entries: [
      {
        name: 'create-key',
        summary: 'create an asymmetric key in KMS and print its ids',
        load: () => import('./create-key.js'),
      },
      {
        name: 'get-public-key',
        summary: 'fetch a public key as a PEM file that names its key',
        load: () => import('./get-public-key.js'),
      },
      {
        name: 'encrypt',
        summary: 'encrypt a file or stdin of any size to a public key, locally; or many files',
        load: () => import('./encrypt.js'),
      },
      {
        name: 'decrypt',
        summary: 'decrypt a file or stdin through KMS; or many files',
        load: () => import('./decrypt.js'),
      },
      {
        name: 'exec',
        summary: 'run a command with secrets of encrypted files in its environment',
        load: () => import('./exec.js'),
      },
      {
        name: 'inspect',
        summary: 'say what an encrypted file is and which keys open it; no credentials, no network',
        load: () => import('./inspect.js'),
      },
      {
        name: 'rewrap',
        summary: 'give files to other keys: a new header, the payload stays where it is',
        load: () => import('./rewrap.js'),
      },
    ],
  },
  {
    heading: 'Sign and verify:',
    entries: [
      {
        name: 'sign',
        summary: 'sign a file or stdin of any size through KMS',
        load: () => import('./sign.js'),
      },
      {
        name: 'verify',
        summary: 'verify a signature with a public key file, locally',
        load: () => import('./verify.js'),
      },
    ],
  },
  {
    heading: 'Look after keys:',
    entries: [
      {
        name: 'list-keys',
        summary: 'list the keys, with states and aliases',
        load: () => import('./list-keys.js'),
      },
      {
        name: 'describe-key',
        summary: 'print everything about a key',
        load: () => import('./describe-key.js'),
      },
      {
        name: 'enable-key',
        summary: 'let KMS use a key again',
        load: () => import('./enable-key.js'),
      },
      {
        name: 'disable-key',
        summary: 'keep KMS from using a key',
        load: () => import('./disable-key.js'),
      },
      {
        name: 'schedule-key-deletion',
        summary: 'have a key deleted in some days, unless files still need it',
        load: () => import('./schedule-key-deletion.js'),
      },
      {
        name: 'cancel-key-deletion',
        summary: 'keep a key that is scheduled for deletion',
        load: () => import('./cancel-key-deletion.js'),
      },
      {
        name: 'list-key-versions',
        summary: 'list the versions of a key',
        load: () => import('./list-key-versions.js'),
      },
      {
        name: 'create-key-version',
        summary: 'create a version of a key and print its id',
        load: () => import('./create-key-version.js'),
      },
    ],
  },
  {
    heading: 'Names for keys:',
    entries: [
      {
        name: 'list-aliases',
        summary: 'list aliases and the keys they name',
        load: () => import('./list-aliases.js'),
      },
      {
        name: 'create-alias',
        summary: 'give a key a name',
        load: () => import('./create-alias.js'),
      },
      {
        name: 'update-alias',
        summary: 'move a name to another key',
        load: () => import('./update-alias.js'),
      },
      {
        name: 'delete-alias',
        summary: 'take a name away',
        load: () => import('./delete-alias.js'),
      },
    ],
  },
  {
    heading: 'For age, rage, SOPS and passage, through age-plugin-alikms:',
    entries: [
      {
        name: 'recipient',
        summary: 'print a key as an age recipient, to encrypt to offline',
        load: () => import('./recipient.js'),
      },
      {
        name: 'identity',
        summary: 'print an age identity file that stands for a key, or for any key',
        load: () => import('./identity.js'),
      },
    ],
  },
  {
    heading: 'In your shell:',
    entries: [
      {
        name: 'completion',
        summary: 'print what completes command lines in bash, zsh or fish',
        load: () => import('./completion.js'),
      },
    ],
  },
  {
    heading: 'When something does not work:',
    entries: [
      {
        name: 'doctor',
        summary: 'check connection, clock, credentials, permissions and key, each with its fix',
        load: () => import('./doctor.js'),
      },
    ],
  },
  {
    heading: 'For tests:',
    entries: [
      {
        name: 'emulator',
        summary: 'run a local KMS, until interrupted or for the time of a command',
        load: () => import('./emulator.js'),
      },
    ],
  },
];
