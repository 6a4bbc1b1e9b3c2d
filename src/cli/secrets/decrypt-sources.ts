/** Encrypted files to variables, in memory: by the code of `decrypt`, over one set of connections. */
import { KmsAsymError, namedError } from '../../errors.js';
import type { Input } from '../../io/input.js';
import { MemoryOutput } from '../../io/memory-output.js';
import type { Context } from '../context.js';
import { decryptInput } from '../decrypt-input.js';
import type { DecryptionRun, DecryptOptions } from '../decryption.js';
import { EXIT_STATUS } from '../exit-codes.js';
import { KmsClients } from '../kms-clients.js';
import { openSource, readVariables, type SecretSource } from './secret-source.js';
import { requireAll, selectVariables, type Selection } from './selection.js';

/** More than any system hands to a program. */
const MAX_PLAINTEXT_BYTES = 1024 * 1024;

/**
 * Decrypts all files. Every one is opened before the first is decrypted, so that a name that is wrong costs no call.
 *
 * @param sources - later ones win
 * @throws KmsAsymError as `decrypt` does, and `invalid-environment` for plaintext that cannot be used
 */
export async function decryptSources(
  sources: readonly SecretSource[],
  options: DecryptOptions & Selection,
  context: Context,
): Promise<ReadonlyMap<string, string>> {
  const run: DecryptionRun = { options, context, clients: new KmsClients(context, options) };
  const opened: { source: SecretSource; input: Input }[] = [];
  const variables = new Map<string, string>();
  try {
    for (const source of sources) opened.push({ source, input: openSource(source, context.stdio.stdin) });
    for (const { source, input } of opened) {
      const found = await decryptSource(run, source, input);
      const taken = source.variable === undefined ? selectVariables(found, options, input.name) : found;
      for (const [name, value] of taken) variables.set(name, value);
    }
  } finally {
    for (const { input } of opened) input.close();
    await run.clients.close();
  }
  requireAll(options, variables);
  return variables;
}

async function decryptSource(
  run: DecryptionRun,
  source: SecretSource,
  input: Input,
): Promise<ReadonlyMap<string, string>> {
  const { terminal } = run.context;
  const output = new MemoryOutput(input.name, MAX_PLAINTEXT_BYTES);
  const { KeyId, KeyVersionId } = await decryptInput(run, input, output).catch((error: unknown) => {
    throw isAboutFile(error) ? namedError(input.name, error) : error;
  });
  const variables = readVariables(source, output.bytes(), input.name);
  await terminal.detail(
    `"${input.name}": variables: ${variables.size}, key ${KeyId ?? 'none'}, version ${KeyVersionId ?? 'none'}`,
  );
  if (source.variable !== undefined && /^[^\n]+\n$/.test(variables.get(source.variable) ?? '')) {
    await terminal.note(
      `"${source.variable}" ends in a line break, as "${input.name}" does; printf %s writes none`,
    );
  }
  return variables;
}

/** What the data or the service say of one file; all else is the same for every one of them. */
function isAboutFile(error: unknown): boolean {
  return error instanceof KmsAsymError && [3, 4].includes(EXIT_STATUS[error.code]);
}
