/** Completions for zsh, by its own `_arguments`. */
import type { CommandWords, Kind, OptionWords, Value, Vocabulary } from './vocabulary.js';

/** The script; it can be read by `source`, or stand as `_kms-asym` in a folder of `fpath`. */
export function zshCompletion({ commands, options }: Vocabulary): string {
  return `#compdef kms-asym
# Completions of kms-asym for zsh, behind compinit: source <(kms-asym completion zsh)
_kms_asym_assignment() {
  if compset -P '*='; then _files; else _message 'NAME=FILE'; fi
}
_kms_asym() {
  local context state line curcontext="$curcontext"
  local -a global names
  typeset -A opt_args
  global=(
${options.flatMap(specsOf).map(indented).join('\n')}
  )
  _arguments -C -S : $global '(-)1: :->command' '(-)*:: :->argument'
  case $state in
    command)
      names=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe -t commands command names
      ;;
    argument)
      case $words[1] in
${commands.map(branchOf).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _kms-asym ]]; then _kms_asym "$@"; else compdef _kms_asym kms-asym; fi
`;
}

function branchOf({ name, options, argument }: CommandWords): string {
  const specs = [...options.flatMap(specsOf), ...(argument ? [argumentSpec(argument)] : [])];
  return `        ${name})
          _arguments -S : $global \\
${specs.map((spec) => `            ${spec} \\`).join('\n')}
            && return
          ;;`;
}

/** One for each spelling: any option may stand there again. */
function specsOf({ flags, summary, value }: OptionWords): string[] {
  const text = summary.replace(/[[\]\\]/g, '\\$&');
  return flags.map((flag) => {
    const sign = value ? (flag.startsWith('--') ? '=' : '+') : '';
    return quoted(`*${flag}${sign}[${text}]${value ? valueSpec(value) : ''}`);
  });
}

function argumentSpec(value: Value): string {
  // What is behind -- is a command line of its own.
  return quoted(isCommand(value) ? '*::: : _normal' : `*${valueSpec(value)}`);
}

function isCommand(value: Value): boolean {
  return 'kind' in value && value.kind === 'command';
}

const ACTIONS = {
  file: 'file:_files',
  directory: 'directory:_files -/',
  assignment: 'assignment:_kms_asym_assignment',
  command: 'command:_command_names',
  other: 'value: ',
} as const satisfies Record<Kind, string>;

function valueSpec(value: Value): string {
  return `:${'words' in value ? `value:(${value.words.join(' ')})` : ACTIONS[value.kind]}`;
}

function indented(line: string): string {
  return `    ${line}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
