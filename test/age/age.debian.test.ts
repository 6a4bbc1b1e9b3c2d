/** The age program judges everything but our stanza, which it does not know. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeArmor, encodeArmor } from '../../src/age/armor.js';
import { parseRecipient } from '../../src/age/recipient-file.js';
import { nativeIdentity } from './identities.js';
import { collect, pieces } from './streams.js';
import { decrypt, encrypt } from './whole-files.js';

const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_003];
let dir: string;
let secret: string;
let recipient: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-age-'));
  const lines = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  writeFileSync(join(dir, 'key'), lines);
  secret = /^AGE-SECRET-KEY-\S+$/m.exec(lines)?.[0] ?? '';
  recipient = /age1\S+/.exec(lines)?.[0] ?? '';
});
afterAll(() => rmSync(dir, { recursive: true }));

const age = (args: readonly string[], input: Uint8Array): Buffer =>
  execFileSync('age', args, { input, maxBuffer: 1 << 26 });

it.each(SIZES)('age opens our %i bytes, binary and armored', async (size) => {
  const plaintext = randomBytes(size);
  const file = await collect(encrypt([parseRecipient(recipient, 'test')], pieces(plaintext, 9999)));
  expect(age(['-d', '-i', join(dir, 'key')], file).equals(plaintext)).toBe(true);
  const armored = await collect(encodeArmor(pieces(file, 4097)));
  expect(age(['-d', '-i', join(dir, 'key')], armored).equals(plaintext)).toBe(true);
});

it.each(SIZES)('we open the %i bytes of age, binary and armored', async (size) => {
  const plaintext = randomBytes(size);
  const identities = [nativeIdentity(secret)];
  const file = age(['-r', recipient], plaintext);
  expect((await collect(decrypt(identities, pieces(file, 12_345)))).equals(plaintext)).toBe(true);
  const armored = age(['-a', '-r', recipient], plaintext);
  expect((await collect(decrypt(identities, decodeArmor(pieces(armored, 777))))).equals(plaintext)).toBe(
    true,
  );
});
