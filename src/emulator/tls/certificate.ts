/**
 * X.509 certificates (RFC 5280) for a test server, built from the ASN.1 schemas of `@peculiar/asn1-x509` and signed by
 * node:crypto with ECDSA on P-256. This file alone loads those schemas, and is itself loaded only for TLS.
 */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** Who signs a certificate. */
export interface Issuer {
  readonly name: string;
  readonly publicKey: KeyObject;
  /** EC P-256. */
  readonly privateKey: KeyObject;
}

/** What a certificate says. */
export interface CertificateContent {
  /** Common name of the subject. */
  readonly name: string;
  readonly publicKey: KeyObject;
  /** What the certificate is for: signing others, or a TLS server of these names. */
  readonly role:
    'authority' | { readonly dnsNames: readonly string[]; readonly addresses: readonly string[] };
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const OID_COMMON_NAME = '2.5.4.3';
const OID_ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** The certificate as PEM. */
export function issueCertificate(content: CertificateContent, issuer: Issuer): string {
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: OID_ECDSA_WITH_SHA256 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: signatureAlgorithm,
    issuer: commonName(issuer.name),
    validity: new Validity({ notBefore: content.notBefore, notAfter: content.notAfter }),
    subject: commonName(content.name),
    subjectPublicKeyInfo: AsnConvert.parse(spki(content.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(extensionsOf(content, issuer)),
  });
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate));
  const signatureValue = bufferOf(sign('sha256', signed, issuer.privateKey));
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue });
  return pem(Buffer.from(AsnConvert.serialize(certificate)));
}

function extensionsOf({ role, publicKey }: CertificateContent, issuer: Issuer): Extension[] {
  const isAuthority = role === 'authority';
  const usage = isAuthority ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature;
  const common = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: isAuthority }), true),
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
  ];
  if (isAuthority) return common;
  const names = [
    ...role.dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...role.addresses.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  const authority = new KeyIdentifier(keyIdentifier(issuer.publicKey));
  return [
    ...common,
    extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier: authority })),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectAltName, new SubjectAlternativeName(names)),
  ];
}

function extension(extnID: string, value: unknown, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function commonName(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  return new Name([
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type: OID_COMMON_NAME, value })]),
  ]);
}

/** Positive and not zero in its first byte, as DER wants it (section 4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8() & 0x3f) | 0x40);
  return bufferOf(bytes);
}

function keyIdentifier(publicKey: KeyObject): ArrayBuffer {
  return bufferOf(createHash('sha256').update(spki(publicKey)).digest().subarray(0, 20));
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
