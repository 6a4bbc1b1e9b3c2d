#!/usr/bin/env bash
# The whole walkthrough against a local emulator: create a key, fetch its public half, encrypt here, decrypt in KMS.
# Arguments go to the emulator, for example --hsm softhsm.
# Every line that starts with "$" is run as it is shown.
set -euo pipefail

if [ -z "${KMS_ASYM_DEMO:-}" ]; then
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  printf '#!/bin/sh\nexec node "%s/dist/kms-asym.cjs" "$@"\n' "$root" >"$work/kms-asym"
  chmod +x "$work/kms-asym"
  PATH="$work:$PATH"
  KMS_ASYM_DEMO="$work" kms-asym emulator "$@" -- bash "${BASH_SOURCE[0]}"
  exit
fi

cd "$KMS_ASYM_DEMO"
run() {
  printf '\n$ %s\n' "$1"
  eval "$1"
}

run "kms-asym create-key --alias alias/demo"
run "kms-asym get-public-key --key-id alias/demo -o demo.pem"
run "cat demo.pem"
run "echo 'this is plaintext' > plaintext-file.txt"
run "kms-asym encrypt --public-key demo.pem --armor plaintext-file.txt -o plaintext-file.enc"
run "cat plaintext-file.enc"
run "kms-asym decrypt --public-key demo.pem plaintext-file.enc"

if ! command -v openssl >/dev/null; then
  printf '\n# With openssl installed, the demo would go on: what openssl encrypts, KMS decrypts.\n'
  exit
fi

printf '\n# The other direction of trust: what openssl encrypts, KMS decrypts.\n'
run "openssl pkeyutl -encrypt -in plaintext-file.txt -inkey demo.pem -pubin \\
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -out openssl.enc"
run "openssl base64 -in openssl.enc | kms-asym decrypt --public-key demo.pem"
