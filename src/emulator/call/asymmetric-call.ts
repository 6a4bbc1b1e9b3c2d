/** What AsymmetricEncrypt, -Decrypt, -Sign and -Verify check alike before they touch any bytes. */
import type { Call } from './action.js';
import { findKey, findVersion } from './key-reference.js';
import type { Key, KeyVersion } from '../keys/key.js';
import { keyFamily, type KeyFamily, type KeyUsage } from '../keys/key-spec.js';
import { requireState } from '../keys/key-state.js';
import { invalidParameter, notImitated, Refusal } from '../refusal.js';

/** The algorithms of one usage, and which keys they are for. */
export interface AlgorithmChoice<A extends string> {
  readonly usage: KeyUsage;
  readonly families: Readonly<Record<A, KeyFamily>>;
  /** The service's algorithm for SM2 keys, which no key of the emulator fits. */
  readonly foreign: string;
}

/** A key version and an algorithm that fit each other. */
export interface AsymmetricCall<A extends string> {
  readonly key: Key;
  readonly version: KeyVersion;
  readonly algorithm: A;
  /** Members of every response. */
  readonly identity: { readonly KeyId: string; readonly KeyVersionId: string };
}

/**
 * Reads and checks the parameters that all four have. `readInput` reads the others, once all of `inputNames` are
 * known to be there. Throws `Refusal`.
 */
export function readAsymmetricCall<A extends string, Input>(
  call: Call,
  choice: AlgorithmChoice<A>,
  inputNames: readonly string[],
  readInput: (call: Call) => Input,
): AsymmetricCall<A> & { readonly input: Input } {
  call.parameters.requireAll('KeyId', 'KeyVersionId', 'Algorithm', ...inputNames);
  const algorithm = readAlgorithm(call, choice);
  const input = readInput(call);
  const key = findKey(call);
  const version = findVersion(call, key);
  requireState(key, 'use');
  if (key.usage !== choice.usage || choice.families[algorithm] !== keyFamily(key.spec)) {
    throw new Refusal('Rejected.UnsupportedOperation');
  }
  const identity = { KeyId: key.keyId, KeyVersionId: version.keyVersionId };
  return { key, version, algorithm, identity, input };
}

function readAlgorithm<A extends string>({ parameters }: Call, choice: AlgorithmChoice<A>): A {
  const name = parameters.required('Algorithm');
  if (name === choice.foreign) throw notImitated(`the algorithm ${name}`);
  if (!Object.hasOwn(choice.families, name)) throw invalidParameter('Algorithm');
  return name as A;
}
