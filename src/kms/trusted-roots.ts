/**
 * The authorities a TLS connection to the service trusts: everything Node trusts by default plus the given ones.
 * Node replaces its defaults when `ca` is set, so they are put back here, NODE_EXTRA_CA_CERTS included.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { KmsAsymError } from '../errors.js';
import { LEAST_TLS } from './tls-terms.js';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * A TLS context that trusts the default authorities and those in `caPem`.
 * Throws `configuration` when `caPem` holds no certificate or a damaged one.
 */
export function trustingContext(caPem: string, env: NodeJS.ProcessEnv): tls.SecureContext {
  const ca = [...defaultAuthorities(env), ...certificatesOf(caPem)];
  return tls.createSecureContext({ ...LEAST_TLS, ca });
}

function certificatesOf(caPem: string): string[] {
  const blocks = caPem.match(PEM_CERTIFICATE) ?? [];
  const hints = [
    'a CA file holds PEM blocks that begin with "-----BEGIN CERTIFICATE-----"',
    'it is the file that --ca-file or KMS_ASYM_CA_FILE names',
  ];
  if (blocks.length === 0)
    throw new KmsAsymError('configuration', 'the CA file holds no certificate', { hints });
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new KmsAsymError('configuration', 'a certificate in the CA file is damaged', { hints, cause });
    }
  }
  return blocks;
}

/** Node 22.15 and later can name its own defaults, the system's included; before, they are the bundled ones. */
interface NewerTls {
  readonly getCACertificates?: (type: 'default') => string[];
}

function defaultAuthorities(env: NodeJS.ProcessEnv): readonly string[] {
  const { getCACertificates } = tls as NewerTls;
  const builtIn = getCACertificates?.('default') ?? tls.rootCertificates;
  return [...builtIn, ...extraAuthorities(env['NODE_EXTRA_CA_CERTS'])];
}

function extraAuthorities(file: string | undefined): string[] {
  if (!file) return [];
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    // Node itself only warns about a file it cannot read, and has done so at start.
    return [];
  }
}
