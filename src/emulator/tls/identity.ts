/**
 * What a TLS server shows: its own certificate and key. Made on the spot under a private authority, or given.
 *
 * Invariant: the private key of the authority signs once and is then forgotten; it is never written anywhere.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { KmsAsymError } from '../../errors.js';

/** A server certificate with its private key, both PEM. */
export interface TlsCertificate {
  /** The server's certificate, then those that lead to its authority. */
  readonly certPem: string;
  /** Not encrypted. */
  readonly keyPem: string;
}

/** What a server shows, and how clients reach and trust it. */
export interface TlsIdentity extends TlsCertificate {
  /** The authority to trust; absent when the certificate was given. */
  readonly caPem?: string;
  /** A name of this machine that the certificate is for: `127.0.0.1`, else `localhost`. */
  readonly host: string;
}

const ADDRESS = '127.0.0.1';
const LOCALHOST = 'localhost';
const AUTHORITY_NAME = 'kms-asym emulator';
const DAY_MS = 24 * 60 * 60 * 1000;

/** A fresh authority and, signed by it, a certificate for localhost, 127.0.0.1 and ::1; valid for a year. */
export async function makeTlsIdentity(): Promise<TlsIdentity> {
  const { issueCertificate } = await import('./certificate.js');
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // By the clock of clients, which need not be the emulator's, and may be a little behind.
  const validity = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 365 * DAY_MS),
  };
  const issuer = { ...authority, name: AUTHORITY_NAME };
  const role = { dnsNames: [LOCALHOST], addresses: [ADDRESS, '::1'] };
  return {
    caPem: issueCertificate({ ...validity, ...issuer, role: 'authority' }, issuer),
    certPem: issueCertificate({ ...validity, name: LOCALHOST, publicKey: server.publicKey, role }, issuer),
    keyPem: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    host: ADDRESS,
  };
}

/** The given certificate; throws `KmsAsymError` `configuration` when it is none, or the key is not its. */
export function readTlsIdentity({ certPem, keyPem }: TlsCertificate): TlsIdentity {
  const certificate = attempt(
    'the certificate of the server cannot be read',
    () => new X509Certificate(certPem),
  );
  const privateKey = attempt('the private key of the server cannot be read', () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new KmsAsymError(
      'configuration',
      'the certificate of the server does not belong to its private key',
    );
  }
  attempt('the certificate of the server cannot be used', () =>
    createSecureContext({ cert: certPem, key: keyPem }),
  );
  const isForLocalhost =
    certificate.checkIP(ADDRESS) === undefined && certificate.checkHost(LOCALHOST) !== undefined;
  return { certPem, keyPem, host: isForLocalhost ? LOCALHOST : ADDRESS };
}

function attempt<T>(failure: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const hints = ['PEM is wanted; the key without a passphrase'];
    throw new KmsAsymError('configuration', failure, { hints, cause });
  }
}
