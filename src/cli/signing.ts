/** What `sign` and `verify` have in common. */
import { Option } from 'commander';
import { SIGNATURE_ALGORITHMS } from '../crypto/algorithms.js';
import type { SignedData } from '../crypto/signature.js';
import type { Input } from '../io/input.js';
import type { Context } from './context.js';
import { counted, startProgress } from './progress.js';

/** The flag that names the algorithm. */
export function algorithmOption(): Option {
  return new Option(
    '--algorithm <name>',
    'RSA keys: RSA_PSS_SHA_256 unless given; EC keys: ECDSA_SHA_256',
  ).choices(Object.keys(SIGNATURE_ALGORITHMS));
}

/** Reads the whole input into `data`, and shows how far it is. */
export async function readSigned(input: Input, data: SignedData, context: Context): Promise<void> {
  const progress = startProgress(context, input.size);
  try {
    for await (const piece of counted(input.chunks(), (bytes) => {
      progress.add(bytes);
    }))
      data.update(piece);
  } finally {
    progress.end();
  }
}
