import { randomBytes } from 'node:crypto';
import { bech32 } from '@scure/base';
import {
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseIdentityFile } from '../../src/age/identity-file.js';
import { parseRecipient, parseRecipientFile } from '../../src/age/recipient-file.js';
import type { KmsAsymError } from '../../src/errors.js';

let identity: string;
let recipient: string;
beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

function failure(run: () => unknown): KmsAsymError {
  try {
    run();
  } catch (error) {
    return error as KmsAsymError;
  }
  throw new Error('it did not fail');
}

const noKms = (): never => {
  throw new Error('no identity here is one of KMS');
};
const fileOf = (...lines: string[]): Buffer => Buffer.from(lines.join('\n'));

describe('a recipients file', () => {
  it('has comments, empty lines, any line ends, and one recipient per line', () => {
    const text = `\ufeff# backup\r\n\r\n${recipient}\r\n  # second\n\t${recipient} \n\n`;
    expect(parseRecipientFile(Buffer.from(text), 'r.txt')).toHaveLength(2);
  });

  it('gives recipients that the identity opens', async () => {
    const fileKey = randomBytes(16);
    const stanzas = parseRecipientFile(fileOf(recipient), 'r.txt').flatMap(
      (each) => each.wrap(fileKey) as [],
    );
    expect(await parseIdentityFile(fileOf(identity), 'i.txt', noKms)[0]?.unwrap(stanzas)).toEqual(fileKey);
  });

  it.each<[string, () => string | Promise<string>, string]>([
    ['an identity', () => identity, 'is an identity'],
    ['a lower-case identity', () => identity.toLowerCase(), 'is an identity'],
    ['a plugin identity', () => 'AGE-PLUGIN-YUBIKEY-1QQPSJ', 'is an identity'],
    ['an SSH key', () => 'ssh-ed25519 AAAAC3Nza me@here', 'is an SSH public key'],
    ['an ECDSA key', () => 'ecdsa-sha2-nistp256 AAAAE2Vj', 'is an SSH public key'],
    ['a security key', () => 'sk-ssh-ed25519@openssh.com AAAAG', 'is an SSH public key'],
    ['a PEM', () => '-----BEGIN PUBLIC KEY-----', 'is PEM'],
    [
      'a post-quantum recipient',
      async () => identityToRecipient(await generateHybridIdentity()),
      'post-quantum',
    ],
    [
      'a plugin recipient',
      () => bech32.encode('age1yubikey', bech32.toWords(randomBytes(33)), false),
      'plugin',
    ],
    ['upper case', () => recipient.toUpperCase(), 'is not an age recipient'],
    ['a changed letter', () => recipient.replace(/.$/, (end) => (end === 'q' ? 'p' : 'q')), 'damaged'],
    ['a cut recipient', () => recipient.slice(0, -3), 'damaged'],
    ['31 bytes', () => bech32.encodeFromBytes('age', randomBytes(31)), 'damaged'],
    ['something else', () => 'me@example.com', 'is not an age recipient'],
    [
      'the prototype',
      () => bech32.encodeFromBytes('constructor', randomBytes(32)),
      'is not an age recipient',
    ],
  ])('with %s names file and line, and does not quote it', async (_what, line, problem) => {
    const text = await line();
    const error = failure(() => parseRecipientFile(fileOf('# one', recipient, text), 'r.txt'));
    expect(error.code).toBe('invalid-public-key');
    expect(error.message).toContain(`line 3 of "r.txt"`);
    expect(error.message).toContain(problem);
    expect([error.message, ...error.hints].join()).not.toContain(text.slice(12));
    expect(failure(() => parseRecipient(text, '-r')).message).toContain('-r is');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['comments only', fileOf('# age1', '')],
    ['UTF-16', Buffer.from('\ufeffage1', 'utf16le')],
  ])('with %s is refused', (_what, bytes) => {
    expect(failure(() => parseRecipientFile(bytes, 'r.txt'))).toMatchObject({ code: 'invalid-public-key' });
  });
});

describe('an identity file', () => {
  it('is what age-keygen writes, with several keys too', () => {
    const text = `# created: 2026-01-01T00:00:00Z\n# public key: ${recipient}\n${identity}\r\n${identity}\n`;
    expect(parseIdentityFile(Buffer.from(text), 'i.txt', noKms)).toHaveLength(2);
  });

  it.each<[string, () => string | Promise<string>, string]>([
    ['a recipient', () => recipient, 'is a recipient'],
    ['an SSH key', () => '-----BEGIN OPENSSH PRIVATE KEY-----', 'private key'],
    ['a PEM key', () => '-----BEGIN PRIVATE KEY-----', 'private key'],
    ['a post-quantum identity', generateHybridIdentity, 'post-quantum'],
    ['an identity of a plugin', () => 'AGE-PLUGIN-YUBIKEY-1QQPSJ', 'plugin'],
    ['lower case', () => identity.toLowerCase(), 'not a whole age identity'],
    ['a changed letter', () => identity.replace(/.$/, (end) => (end === 'Q' ? 'P' : 'Q')), 'not a whole'],
    ['a cut identity', () => identity.slice(0, -1), 'not a whole'],
    [
      '31 bytes',
      () => bech32.encodeFromBytes('age-secret-key-', randomBytes(31)).toUpperCase(),
      'not a whole',
    ],
    ['a passphrase', () => 'correct horse battery staple', 'not a whole'],
  ])('with %s names file and line, and does not quote it', async (_what, line, problem) => {
    const text = await line();
    const error = failure(() => parseIdentityFile(fileOf('# one', text), 'i.txt', noKms));
    expect(error.code).toBe('invalid-identity');
    expect(error.message).toContain('line 2 of "i.txt"');
    expect(error.message).toContain(problem);
    expect([error.message, ...error.hints].join()).not.toContain(text.slice(20) || text);
  });

  it('that is encrypted says so', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    const error = failure(() => parseIdentityFile(Buffer.alloc(0), 'i.txt', noKms));
    expect(error.message).toContain('holds no key');
    const encrypted = await encrypter.encrypt(identity);
    expect(failure(() => parseIdentityFile(encrypted, 'i.txt', noKms)).message).toContain(
      'is itself encrypted',
    );
  });
});
