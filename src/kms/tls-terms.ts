/** What every TLS connection insists on, whatever NODE_OPTIONS (`--tls-min-v1.0`) say. */

import type { SecureContext } from 'node:tls';

/** Options of node:tls. */
export interface TlsTerms {
  readonly minVersion: 'TLSv1.2';
  /** Made with the same least version; absent where the default authorities are the ones to trust. */
  readonly secureContext?: SecureContext;
}

/** RFC 8996: what is older must not be spoken. */
export const LEAST_TLS: TlsTerms = { minVersion: 'TLSv1.2' };
