/** The age format: header, armor, whole files, and the stanza of a KMS key. */
import { decodeArmor, encodeArmor } from '../../src/age/armor.js';
import { CHUNK_BYTES } from '../../src/age/chunk.js';
import { bytesOf, encodeHeader, HeaderParser, type Header } from '../../src/age/header.js';
import { KmsRecipient, parseKmsStanza } from '../../src/age/kms-stanza.js';
import { encodeStanza, StanzaParser, startsStanza, type Stanza } from '../../src/age/stanza.js';
import type { EncryptionKey } from '../../src/crypto/public-key.js';
import { knownFileKey, tellFileKey } from '../age/identities.js';
import { collect, pieces } from '../age/streams.js';
import { readOrRefuse, type FuzzTarget } from './target.js';
import { decrypt, encrypt } from '../age/whole-files.js';

const FILE_KEY = Buffer.alloc(16, 3);
const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-hzz62f1c2d5abc', keyVersionId: 'v-1' };
const STANZA_WORDS = [
  '-> ',
  '\n',
  '\r\n',
  ' ',
  'alikms',
  'RSAES_OAEP_SHA_256',
  'cn-hangzhou',
  'A'.repeat(64),
];

/** All targets of the format. */
export async function ageTargets(key: EncryptionKey): Promise<FuzzTarget[]> {
  const stanzas = new KmsRecipient(key, LOCATOR).wrap(FILE_KEY);
  const foreign: Stanza = { type: 'X25519', args: ['A'.repeat(43)], body: Buffer.alloc(32, 1) };
  const headers = [[...stanzas], [foreign], [foreign, ...stanzas, foreign]].map((all) =>
    encodeHeader(all, FILE_KEY),
  );
  return [header(headers), await armor(), await file(), kmsStanza(stanzas)];
}

function parse(input: Buffer, ...sizes: number[]): Header | undefined {
  const parser = new HeaderParser();
  for (const piece of pieces(input, ...sizes)) {
    const found = parser.push(piece);
    if (found) return found;
  }
  return undefined;
}

/** A header has one spelling, and is the same in whatever pieces it comes. */
function header(seeds: readonly Buffer[]): FuzzTarget {
  return {
    name: 'age header',
    seeds,
    tokens: [...STANZA_WORDS, 'age-encryption.org/v1\n', '--- ', '---'],
    accepts: async (input) => {
      const [whole, cut] = await Promise.all(
        [[input.length], [1, 7, 64]].map((sizes) => readOrRefuse(() => parse(input, ...sizes))),
      );
      if (whole?.length !== cut?.length) throw new Error('pieces make a difference');
      if (!whole) return false;
      if (!bytesOf(whole).equals(input.subarray(0, whole.length))) throw new Error('it has two spellings');
      return true;
    },
  };
}

/** Armor holds bytes in one spelling but for line ends, and white space around it. */
async function armor(): Promise<FuzzTarget> {
  const sizes = [0, 1, 47, 48, 49, 500];
  const seeds = await Promise.all(sizes.map((size) => collect(encodeArmor([Buffer.alloc(size, 0xa5)]))));
  return {
    name: 'age armor',
    seeds,
    tokens: ['\n', '\r\n', '\r', ' ', '=', '==', 'AA==', '-----BEGIN AGE ENCRYPTED FILE-----'],
    accepts: async (input) => {
      const [whole, cut] = await Promise.all(
        [[input.length], [1, 3, 66]].map((each) =>
          readOrRefuse(() => collect(decodeArmor(pieces(input, ...each)))),
        ),
      );
      if (whole?.toString('hex') !== cut?.toString('hex')) throw new Error('pieces make a difference');
      if (!whole) return false;
      const again = (await collect(encodeArmor([whole]))).toString('latin1');
      const text = input.toString('latin1').replaceAll('\r\n', '\n');
      if (text.trim() !== again.trim()) throw new Error('it has two spellings');
      return true;
    },
  };
}

/** What is opened is what was sealed: nothing else, in no other order, and never a part of it under a good end. */
async function file(): Promise<FuzzTarget> {
  const files = new Map<string, { sealed: Buffer; plaintext: Buffer }>();
  for (const size of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1]) {
    const plaintext = Buffer.alloc(size, size % 251);
    let fileKey: Buffer = FILE_KEY;
    const sealed = await collect(encrypt([tellFileKey((each) => (fileKey = each))], [plaintext]));
    files.set(fileKey.toString('hex'), { sealed, plaintext });
  }
  return {
    name: 'age file',
    seeds: [...files.values()].map(({ sealed }) => sealed),
    tokens: ['\n', '--- ', '-> ', '\0'.repeat(16)],
    accepts: async (input) => {
      let isAccepted = false;
      for (const [fileKey, { plaintext }] of files) {
        const opened = await readOrRefuse(() =>
          collect(decrypt([knownFileKey(Buffer.from(fileKey, 'hex'))], [input])),
        );
        if (opened && !opened.equals(plaintext)) throw new Error('something else was opened');
        isAccepted ||= opened !== undefined;
      }
      return isAccepted;
    },
  };
}

/** A stanza of a KMS key says what it says in one way only. */
function kmsStanza(stanzas: readonly Stanza[]): FuzzTarget {
  const read = (text: string): Stanza | undefined => {
    const [first = '', ...lines] = text.split('\n');
    if (!startsStanza(first)) return undefined;
    const parser = new StanzaParser(first);
    for (const line of lines) {
      const stanza = parser.push(line);
      if (stanza) return stanza;
    }
    return undefined;
  };
  return {
    name: 'KMS stanza',
    seeds: stanzas.map((stanza) => Buffer.from(encodeStanza(stanza), 'latin1')),
    tokens: STANZA_WORDS,
    accepts: async (input) => {
      const text = input.toString('latin1');
      const stanza = await readOrRefuse(() => read(text));
      const known = stanza && (await readOrRefuse(() => parseKmsStanza(stanza)));
      if (!known) return false;
      if (!`${text}\n`.startsWith(encodeStanza(stanza))) throw new Error('it has two spellings');
      if (![256, 384, 512].includes(known.ciphertext.length)) throw new Error('no key is of that size');
      return true;
    },
  };
}
