/** Finding one token among the slots of a module, and what it says about itself. */
import { KmsAsymError } from '../../errors.js';
import type { Handle } from './pkcs11-binding.js';
import type { Pkcs11Module } from './pkcs11-module.js';

/** Which token is meant; a member that is absent matches every token. Compared without padding. */
export interface TokenMatch {
  readonly token?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
}

/** A token in its slot. */
export interface Token {
  readonly slot: Handle;
  readonly label: string;
  readonly serial: string;
  /** True when private objects need C_Login. */
  readonly needsLogin: boolean;
}

/** The only initialised token that matches. `KmsAsymError` `emulator` when there is none or more than one. */
export function findToken({ binding, library }: Pkcs11Module, match: TokenMatch): Token {
  const labels: string[] = [];
  const found: Token[] = [];
  for (const slot of library.C_GetSlotList(true)) {
    const info = library.C_GetTokenInfo(slot);
    if ((info.flags & binding.CKF_TOKEN_INITIALIZED) === 0) continue;
    const label = unpad(info.label);
    labels.push(label);
    const isMatch =
      agrees(match.token, label) &&
      agrees(match.manufacturer, unpad(info.manufacturerID)) &&
      agrees(match.model, unpad(info.model)) &&
      agrees(match.serial, unpad(info.serialNumber));
    const needsLogin = (info.flags & binding.CKF_LOGIN_REQUIRED) !== 0;
    if (isMatch) found.push({ slot, label, serial: unpad(info.serialNumber), needsLogin });
  }
  const [token, second] = found;
  if (token !== undefined && second === undefined) return token;
  throw new KmsAsymError('emulator', tokenProblem(match, second !== undefined), {
    hints: [
      labels.length === 0
        ? 'the module holds no initialised token'
        : `the module holds ${labels.map((label) => `"${label}"`).join(', ')}: choose with token= or serial=`,
    ],
  });
}

function tokenProblem({ token }: TokenMatch, isAmbiguous: boolean): string {
  if (isAmbiguous) return 'several tokens match the PKCS#11 URI';
  return token === undefined ? 'no token matches the PKCS#11 URI' : `there is no token "${token}"`;
}

function agrees(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted === actual;
}

/** Text of a padded fixed-length field; padding is spaces, or NULs from sloppy writers. Control characters go too. */
export function unpad(field: string): string {
  return field.replace(/\p{Cc}/gu, '').trimEnd();
}
