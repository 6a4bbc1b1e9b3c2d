/** `completion`: scripts that teach shells the names, options and choices of this program. */
import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { fishCompletion } from '../completion/fish.js';
import { readVocabulary, type Vocabulary } from '../completion/vocabulary.js';
import { zshCompletion } from '../completion/zsh.js';
import type { Context } from '../context.js';

const SHELLS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Record<string, (vocabulary: Vocabulary) => string>;

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof SHELLS) => run(shell, context));
}

const EXAMPLES = `
  source <(kms-asym completion bash)    in ~/.bashrc
  source <(kms-asym completion zsh)     in ~/.zshrc, behind compinit
  kms-asym completion fish | source     in ~/.config/fish/config.fish`;

async function run(shell: keyof typeof SHELLS, context: Context): Promise<void> {
  await context.terminal.data(SHELLS[shell](await readVocabulary(context)));
}
