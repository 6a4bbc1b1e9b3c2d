/** The actions of the emulator by wire name. A new one is a file beside this and a line here. */
import type { Action } from '../action.js';
import { AsymmetricDecrypt } from './AsymmetricDecrypt.js';
import { AsymmetricEncrypt } from './AsymmetricEncrypt.js';
import { CreateAlias } from './CreateAlias.js';
import { CreateKey } from './CreateKey.js';
import { DescribeKey } from './DescribeKey.js';
import { GetPublicKey } from './GetPublicKey.js';
import { ListAliases } from './ListAliases.js';
import { ListKeys } from './ListKeys.js';
import { ListKeyVersions } from './ListKeyVersions.js';

/** Every action, by the name that requests carry. */
export const ACTIONS = {
  AsymmetricDecrypt,
  AsymmetricEncrypt,
  CreateAlias,
  CreateKey,
  DescribeKey,
  GetPublicKey,
  ListAliases,
  ListKeys,
  ListKeyVersions,
} satisfies Record<string, Action>;

/** The action of this name, if the emulator has it. */
export function findAction(name: string): Action | undefined {
  return Object.hasOwn(ACTIONS, name) ? ACTIONS[name as keyof typeof ACTIONS] : undefined;
}
