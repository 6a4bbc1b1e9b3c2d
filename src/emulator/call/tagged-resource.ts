/** Which resource TagResource and UntagResource are about: exactly one of KeyId, SecretName and CertificateId. */
import type { Parameters } from './parameters.js';
import { notImitated } from '../refusal.js';

/** Throws `Refusal` unless it is a key. */
export function requireKeyResource(parameters: Parameters): void {
  for (const name of ['SecretName', 'CertificateId']) {
    if (parameters.optional(name) !== undefined) throw notImitated(`resources named by ${name}`);
  }
  parameters.requireAll('KeyId');
}
