/**
 * Recognises what people hand over in place of a public key, so that the error can name it. Looks at labels and
 * outer structure only; a private key is never parsed further than needed to tell that it is one.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';

/** What a file holds instead of a public key, and how to get from there to one. */
export interface ForeignKey {
  /** Verb phrase, `is a certificate`. */
  readonly what: string;
  readonly hints: readonly string[];
}

const PRIVATE_KEY: ForeignKey = {
  what: 'is a private key',
  hints: [
    'keep private keys out of reach of the encrypting side',
    'for its public half: openssl pkey -in FILE -pubout -out public.pem',
  ],
};
const CERTIFICATE: ForeignKey = {
  what: 'is a certificate',
  hints: ['for its public key: openssl x509 -in FILE -noout -pubkey > public.pem'],
};
const REQUEST: ForeignKey = {
  what: 'is a certificate request',
  hints: ['for its public key: openssl req -in FILE -noout -pubkey > public.pem'],
};
const SSH: ForeignKey = {
  what: 'is an SSH public key',
  hints: ['to convert it: ssh-keygen -e -m PKCS8 -f FILE > public.pem'],
};
const JSON_ANSWER: ForeignKey = {
  what: 'is JSON',
  hints: ['save the value of its "PublicKey" member, for example with: jq -r .PublicKey'],
};
const ESCAPED: ForeignKey = {
  what: 'is a PEM with "\\n" spelled out, as it stands inside JSON',
  hints: ['let the newlines be real: printf \'%b\' "$PEM" > public.pem'],
};
const UTF_16: ForeignKey = {
  what: 'is UTF-16 text',
  hints: ['PowerShell writes that with ">": use -o FILE, or Out-File -Encoding ascii'],
};
const EMPTY: ForeignKey = { what: 'is empty', hints: ['kms-asym get-public-key --key-id ID -o FILE'] };

/** In the order of the tests: the first that matches names the file. */
const TEXT_FORMS: readonly (readonly [RegExp, ForeignKey])[] = [
  [/^\s*$/, EMPTY],
  [/^\s*\{/, JSON_ANSWER],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, PRIVATE_KEY],
  [/-----BEGIN [A-Z ]*PUBLIC KEY-----\\n/, ESCAPED],
  [/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/, REQUEST],
  [/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/, CERTIFICATE],
  [/^\s*ssh-[a-z0-9]+ |^\s*ecdsa-sha2-|---- BEGIN SSH2 PUBLIC KEY ----/, SSH],
];

/** Names what `bytes` are if they are a well-known thing other than a public key, else returns `undefined`. */
export function nameForeignKey(bytes: Buffer): ForeignKey | undefined {
  if (bytes.length >= 2 && (bytes.readUInt16BE() === 0xfffe || bytes.readUInt16BE() === 0xfeff))
    return UTF_16;
  const text = bytes.toString('latin1');
  const form = TEXT_FORMS.find(([pattern]) => pattern.test(text));
  return form ? form[1] : nameForeignDer(bytes);
}

const DER_SEQUENCE = 0x30;

function nameForeignDer(bytes: Buffer): ForeignKey | undefined {
  if (bytes[0] !== DER_SEQUENCE) return undefined;
  const readers: readonly (readonly [() => unknown, ForeignKey])[] = [
    [() => new X509Certificate(bytes), CERTIFICATE],
    [() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }), PRIVATE_KEY],
    [() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' }), PRIVATE_KEY],
    [() => createPrivateKey({ key: bytes, format: 'der', type: 'sec1' }), PRIVATE_KEY],
  ];
  return readers.find(([read]) => succeeds(read))?.[1];
}

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
