/** The two contracts that the documentation of the service contradicts itself with. */
import { KmsAsymError } from '../errors.js';

/**
 * `legacy`: the service without KMS instances, as the walkthroughs show it (asymmetric keys anywhere, new versions of
 * them after seven days). `instance`: today's service (asymmetric keys in KMS instances alone, one version each).
 */
export type ServiceMode = 'legacy' | 'instance';

/** Both modes, the default first. */
export const SERVICE_MODES: readonly ServiceMode[] = ['legacy', 'instance'];

/** Throws `KmsAsymError` `usage` for what is none of them: programs need not be typed. */
export function requireServiceMode(mode: ServiceMode): void {
  if (SERVICE_MODES.includes(mode)) return;
  throw new KmsAsymError('usage', `unknown service mode "${mode}"`, {
    hints: [`choose ${SERVICE_MODES.join(' or ')}`],
  });
}
