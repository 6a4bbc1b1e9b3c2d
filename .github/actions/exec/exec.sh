#!/usr/bin/env bash
# Runs INPUT_RUN with secrets in its environment; action.yml hands over every input in a variable INPUT_….
set -euo pipefail
umask 077

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/kms-asym-XXXXXXXX")
trap 'rm -rf "$work"' EXIT
ln -s "$root/dist/kms-asym.cjs" "$work/kms-asym"
export PATH="$work:$PATH"

# each OPTION LINES: the option once for every line. Joined by =, a value is never taken for an option.
options=()
each() {
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    [[ $line =~ [^[:space:]] ]] && options+=("$1=$line")
  done <<<"$2"
  return 0
}
each --dotenv-file "$INPUT_DOTENV_FILE"
each --env "$INPUT_ENV"
secrets=${#options[@]}
each --only "$INPUT_ONLY"
each --public-key "$INPUT_PUBLIC_KEY"
each --region "$INPUT_REGION"

if [[ $INPUT_ROLE_ARN ]]; then
  node "$root/.github/actions/exec/oidc-token.mjs" >"$work/token"
  export ALIBABA_CLOUD_ROLE_ARN=$INPUT_ROLE_ARN
  export ALIBABA_CLOUD_OIDC_PROVIDER_ARN=$INPUT_OIDC_PROVIDER_ARN
  export ALIBABA_CLOUD_OIDC_TOKEN_FILE=$work/token
fi

command=(bash --noprofile --norc -eo pipefail -c "$INPUT_RUN")
unset "${!INPUT_@}"
if ((secrets > 0)); then command=(kms-asym exec --github-mask "${options[@]}" -- "${command[@]}"); fi
"${command[@]}"
