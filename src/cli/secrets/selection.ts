/**
 * Which variables of decrypted files reach the command. RSA-OAEP and age files authenticate nobody: everybody who has the
 * public key can make one, so what a file sets is chosen here, by names that come from the command line.
 */
import { KmsAsymError } from '../../errors.js';
import { isHazardous } from './hazardous-names.js';

/** Names of `--only` and `--allow`. */
export interface Selection {
  /** The names to take, and no others; absent for all. */
  readonly only?: readonly string[];
  /** Hazardous names that are meant. */
  readonly allow?: readonly string[];
}

/**
 * The variables of one file that are taken.
 *
 * @throws KmsAsymError `invalid-environment` for a hazardous name that nobody asked for
 */
export function selectVariables(
  variables: ReadonlyMap<string, string>,
  { only, allow = [] }: Selection,
  fileName: string,
): ReadonlyMap<string, string> {
  if (only) return new Map([...variables].filter(([name]) => only.includes(name)));
  const hazard = [...variables.keys()].find((name) => isHazardous(name) && !allow.includes(name));
  if (hazard === undefined) return variables;
  throw new KmsAsymError(
    'invalid-environment',
    `"${fileName}" sets "${hazard}", from which programs take code, trust or directions`,
    {
      hints: [
        'whoever has the public key can make such a file',
        `if it is meant: --allow ${hazard}`,
        'to take what you name and nothing else: --only NAME,NAME',
      ],
    },
  );
}

/**
 * Makes sure that everything of `--only` is there.
 *
 * @throws KmsAsymError `invalid-environment`: the command would run without, or with what it inherits under that name
 */
export function requireAll({ only = [] }: Selection, variables: ReadonlyMap<string, string>): void {
  const missing = only.filter((name) => !variables.has(name));
  if (missing.length === 0) return;
  throw new KmsAsymError(
    'invalid-environment',
    `no file sets ${missing.map((name) => `"${name}"`).join(', ')}`,
    { hints: ['--only names what the command cannot do without; --dotenv-file FILE must set it'] },
  );
}
