/** Options of every command that decrypts. */
import { Option } from 'commander';
import { OAEP_ALGORITHMS } from '../crypto/algorithms.js';
import { collect, text } from './options.js';

/** What says which keys may open, and how. */
export function decryptOptions(): Option[] {
  return [
    new Option(
      '--key-id <id>',
      'key id or alias/…; age files for another key are refused (env: KMS_ASYM_KEY_ID, for input that names no key)',
    ).argParser(text),
    new Option('--key-version-id <id>', 'key version (env: KMS_ASYM_KEY_VERSION_ID)').argParser(text),
    new Option(
      '--public-key <file>',
      'public key file whose lines name key and version; age files for another key are refused (env: KMS_ASYM_PUBLIC_KEY, for input that names no key)',
    ).argParser(text),
    new Option(
      '-i, --identity <file>',
      'open with the age identities of this file, and no others; repeatable',
    ).argParser(collect),
    new Option('--expect-fingerprint <fp>', 'refuse a file that names any other key (SHA256:…)').argParser(
      text,
    ),
    new Option('--algorithm <name>', 'algorithm of raw ciphertext, if not RSAES_OAEP_SHA_256').choices(
      Object.keys(OAEP_ALGORITHMS),
    ),
  ];
}
