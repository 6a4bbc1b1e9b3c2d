/**
 * Completions for bash, from version 3.2 on. Bash takes words apart at `=`, so `--option=value` and `NAME=FILE` come as
 * three. Old versions have no `compopt`: without it names of directories get a blank behind them, and no slash.
 */
import type { CommandWords, OptionWords, Value, Vocabulary } from './vocabulary.js';

/** The script. */
export function bashCompletion({ commands, options }: Vocabulary): string {
  const names = commands.map(({ name }) => name);
  return `# Completions of kms-asym for bash: source <(kms-asym completion bash)
_kms_asym() {
${READ_LINE}
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ $behind ]]; then
      behind=more
    elif [[ $word == -- ]]; then
      behind=first
    elif [[ ! $command ]]; then
      case "$word" in
        ${names.join(' | ')}) command="$word" ;;
      esac
    fi
  done
  [[ $behind ]] || case "$command $option" in
${[...options.flatMap(valueIn("*' ")), ...commands.flatMap(valuesOf)].join('\n')}
  esac
  if [[ ! $value && ! $behind && $current == -* ]]; then
    value=words words='${flagsOf(options)}'
    case "$command" in
${commands.filter(hasOptions).map(flagsIn).join('\n')}
    esac
  elif [[ ! $value ]]; then
    case "$command" in
      '') value=words words='${names.join(' ')}' ;;
${commands.flatMap(argumentIn).join('\n')}
    esac
  fi
${REPLY}
}
complete -F _kms_asym kms-asym
`;
}

/** Which word is typed, and of which option it may be the value. */
const READ_LINE = `\
  local current="\${COMP_WORDS[COMP_CWORD]}" equals= assigned= command= behind= value= words= index word
  COMPREPLY=()
  if [[ $current == '=' ]]; then
    equals=$COMP_CWORD current=
  elif [[ \${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
    equals=$((COMP_CWORD - 1))
  fi
  local option="\${COMP_WORDS[\${equals:-$COMP_CWORD} - 1]}"
  if [[ $equals && $option != -* ]]; then
    assigned=yes option="\${COMP_WORDS[equals - 2]}"
  fi`;

/** What bash itself finds for a value of this kind. */
const REPLY = `\
  case "$value \${assigned:-no} $behind" in
    'words '*) set -- -W "$words" ;;
    file* | 'assignment yes '* | *' more') set -- -f ;;
    directory*) set -- -d ;;
    'command no first') set -- -c ;;
    *) return ;;
  esac
  [[ $value == words ]] || compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$@" -- "$current")`;

function flagsOf(options: readonly OptionWords[]): string {
  return options.flatMap(({ flags }) => flags).join(' ');
}

function hasOptions({ options }: CommandWords): boolean {
  return options.length > 0;
}

function flagsIn({ name, options }: CommandWords): string {
  return `      ${name}) words+=' ${flagsOf(options)}' ;;`;
}

function valuesOf({ name, options }: CommandWords): string[] {
  return options.flatMap(valueIn(`'${name} `));
}

/** What follows an option; `before` begins a quoted pattern of command and option. */
function valueIn(before: string): (option: OptionWords) => string[] {
  return ({ flags, value }) =>
    value ? [`    ${flags.map((flag) => `${before}${flag}'`).join(' | ')}) ${assignment(value)} ;;`] : [];
}

function argumentIn({ name, argument }: CommandWords): string[] {
  return argument ? [`      ${name}) ${assignment(argument)} ;;`] : [];
}

function assignment(value: Value): string {
  return 'words' in value ? `value=words words='${value.words.join(' ')}'` : `value=${value.kind}`;
}
