/** What every HSM backend must do, whatever keeps its keys. */
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Hsm,
  HsmDecryptMechanism,
  HsmKey,
  HsmKeyType,
  HsmSignMechanism,
} from '../../../src/emulator/hsm/hsm.js';
import { addTo, encodeOaep, modulusOf, rawEncrypt } from './oaep-block.js';
import { malformedBlocks, MALFORMED_CIPHERTEXTS, validBlocks } from './oaep-cases.js';
import { opensslEncrypt, opensslVerifies } from './openssl.js';

const RSA_TYPES = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
const MECHANISMS = [
  { mechanism: 'RSAES_OAEP_SHA_256', hash: 'sha256', hashBytes: 32 },
  { mechanism: 'RSAES_OAEP_SHA_1', hash: 'sha1', hashBytes: 20 },
] as const satisfies { mechanism: HsmDecryptMechanism; hash: string; hashBytes: number }[];

/** Whom the keys of the tests belong to. */
const OWNER = '0123456789abcdef'.repeat(2);

/** A backend under test. */
export interface Backend {
  readonly backend: string;
  readonly isHardwareBacked: boolean;
  /** Key types that the backend must refuse to make, with an error for people. */
  readonly unsupported?: readonly HsmKeyType[];
  /** Called again after a close, it must find the same keys; `owner` is handed through. */
  readonly open: (owner?: string) => Promise<Hsm>;
}

/** Runs the suite over one backend. */
export function describeHsm(name: string, backend: Backend): void {
  describe(`${name} conforms`, () => {
    let hsm: Hsm;
    const keys = new Map<HsmKeyType, HsmKey>();
    const unsupported = new Set<HsmKeyType>(backend.unsupported);
    const ecTypes = (['EC_P256', 'EC_P256K'] as const).filter((type) => !unsupported.has(type));

    const key = (type: HsmKeyType): HsmKey => {
      const found = keys.get(type);
      if (found === undefined) throw new Error(`no ${type}`);
      return found;
    };
    const publicKey = (type: HsmKeyType): KeyObject => publicKeyOf(key(type));
    const decrypt = (type: HsmKeyType, mechanism: HsmDecryptMechanism, ciphertext: Uint8Array) =>
      hsm.decrypt(key(type).ref, mechanism, ciphertext);

    beforeAll(async () => {
      hsm = await backend.open(OWNER);
      for (const type of [...RSA_TYPES, ...ecTypes]) keys.set(type, await hsm.generateKey(type));
    }, 120_000);

    afterAll(async () => {
      for (const { ref } of keys.values()) await hsm.destroyKey(ref);
      await hsm.close();
    });

    it('says what it is', () => {
      expect(hsm.backend).toBe(backend.backend);
      expect(hsm.isHardwareBacked).toBe(backend.isHardwareBacked);
      expect(hsm.description).toMatch(/^[^\p{Cc}]{5,100}$/u);
    });

    it.each(RSA_TYPES)('makes %s with the exponent 65537', (type) => {
      const { asymmetricKeyType, asymmetricKeyDetails } = publicKey(type);
      expect(asymmetricKeyType).toBe('rsa');
      expect(asymmetricKeyDetails).toMatchObject({
        modulusLength: Number(type.slice(4)),
        publicExponent: 65537n,
      });
    });

    it.each(ecTypes)('makes %s on its curve', (type) => {
      const { asymmetricKeyType, asymmetricKeyDetails } = publicKey(type);
      expect(asymmetricKeyType).toBe('ec');
      expect(asymmetricKeyDetails?.namedCurve).toBe(type === 'EC_P256' ? 'prime256v1' : 'secp256k1');
    });

    it('refuses key types that it cannot make', async () => {
      for (const type of unsupported) {
        await expect(hsm.generateKey(type)).rejects.toMatchObject({
          name: 'KmsAsymError',
          code: 'emulator',
          message: `the token cannot make keys of type "${type}"`,
        });
      }
    });

    it('makes a new pair with a new reference every time', async () => {
      const [first, second] = await Promise.all([hsm.generateKey('RSA_2048'), hsm.generateKey('RSA_2048')]);
      expect(first.ref).toMatch(/^[0-9a-f]{32}$/);
      expect(second.ref).not.toBe(first.ref);
      expect(second.publicKeyDer).not.toEqual(first.publicKeyDer);
      await Promise.all([hsm.destroyKey(first.ref), hsm.destroyKey(second.ref)]);
    });

    describe.each(RSA_TYPES.flatMap((type) => MECHANISMS.map((mechanism) => ({ type, ...mechanism }))))(
      '$type with $mechanism',
      ({ type, mechanism, hash, hashBytes }) => {
        const modulusBytes = Number(type.slice(4)) / 8;
        const maxBytes = modulusBytes - 2 * hashBytes - 2;

        it.each([1, 16, maxBytes])('decrypts %i bytes encrypted by openssl', async (bytes) => {
          const message = randomBytes(bytes);
          const plaintext = await decrypt(type, mechanism, opensslEncrypt(key(type), hash, message));
          expect(plaintext && Buffer.from(plaintext).equals(message)).toBe(true);
        });

        it('decrypts nothing at all', async () => {
          const padding = constants.RSA_PKCS1_OAEP_PADDING;
          const empty = publicEncrypt({ key: publicKey(type), padding, oaepHash: hash }, Buffer.alloc(0));
          expect((await decrypt(type, mechanism, empty))?.length).toBe(0);
        });

        it.each(validBlocks({ hash, hashBytes }, maxBytes))('decrypts $title', async ({ block }) => {
          const ciphertext = rawEncrypt(publicKey(type), encodeOaep(modulusBytes, block));
          const plaintext = await decrypt(type, mechanism, ciphertext);
          expect(plaintext && Buffer.from(plaintext).toString('hex')).toBe(
            Buffer.from(block.message ?? Buffer.from('message')).toString('hex'),
          );
        });

        it.each(malformedBlocks({ hash, hashBytes }))('refuses $title', async ({ block }) => {
          const ciphertext = rawEncrypt(publicKey(type), encodeOaep(modulusBytes, block));
          expect(await decrypt(type, mechanism, ciphertext)).toBeUndefined();
        });

        it.each(MALFORMED_CIPHERTEXTS)('refuses $title', async ({ make }) => {
          for (const ciphertext of make(publicKey(type), hash)) {
            expect(await decrypt(type, mechanism, ciphertext)).toBeUndefined();
          }
        });
      },
    );

    it('decrypts a ciphertext that starts with zeros, and refuses it without them', async () => {
      const rsa = publicKey('RSA_2048');
      let ciphertext = Buffer.of(1);
      while (ciphertext[0] !== 0) {
        ciphertext = publicEncrypt(
          { key: rsa, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
          Buffer.from('zero'),
        );
      }
      const plaintext = await decrypt('RSA_2048', 'RSAES_OAEP_SHA_256', ciphertext);
      expect(plaintext && Buffer.from(plaintext).toString()).toBe('zero');
      expect(await decrypt('RSA_2048', 'RSAES_OAEP_SHA_256', ciphertext.subarray(1))).toBeUndefined();
    });

    it('refuses a ciphertext plus the modulus, though it is the same number modulo it', async () => {
      const rsa = publicKey('RSA_2048');
      const modulus = BigInt(`0x${modulusOf(rsa).toString('hex')}`);
      let sum: Buffer | undefined;
      while (sum === undefined) {
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        sum = addTo(publicEncrypt({ key: rsa, padding, oaepHash: 'sha256' }, Buffer.from('x')), modulus);
      }
      expect(await decrypt('RSA_2048', 'RSAES_OAEP_SHA_256', sum)).toBeUndefined();
    });

    it('refuses what was encrypted to another key', async () => {
      const other = await hsm.generateKey('RSA_2048');
      const ciphertext = opensslEncrypt(other, 'sha256', Buffer.from('x'));
      expect(await decrypt('RSA_2048', 'RSAES_OAEP_SHA_256', ciphertext)).toBeUndefined();
      await hsm.destroyKey(other.ref);
    });

    it('decrypts 64 ciphertexts at once, each to its own plaintext', async () => {
      const messages = Array.from({ length: 64 }, (_, index) => Buffer.from(`message ${index.toString()}`));
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const ciphertexts = messages.map((message, index) =>
        publicEncrypt(
          { key: publicKey('RSA_2048'), padding, oaepHash: index % 2 ? 'sha1' : 'sha256' },
          message,
        ),
      );
      const plaintexts = await Promise.all(
        ciphertexts.map((ciphertext, index) =>
          decrypt('RSA_2048', index % 2 ? 'RSAES_OAEP_SHA_1' : 'RSAES_OAEP_SHA_256', ciphertext),
        ),
      );
      expect(plaintexts.map((plaintext) => plaintext && Buffer.from(plaintext).toString())).toEqual(
        messages.map(String),
      );
    });

    it('does not block the event loop while it works', async () => {
      const ciphertext = opensslEncrypt(key('RSA_4096'), 'sha256', Buffer.from('x'));
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 1);
      await Promise.all(
        Array.from({ length: 64 }, () => decrypt('RSA_4096', 'RSAES_OAEP_SHA_256', ciphertext)),
      );
      clearInterval(timer);
      expect(turns).toBeGreaterThan(5);
    });

    const signers: [HsmKeyType, HsmSignMechanism][] = [
      ...RSA_TYPES.flatMap((type): [HsmKeyType, HsmSignMechanism][] => [
        [type, 'RSA_PSS_SHA_256'],
        [type, 'RSA_PKCS1_SHA_256'],
      ]),
      ...ecTypes.map((type): [HsmKeyType, HsmSignMechanism] => [type, 'ECDSA_SHA_256']),
    ];

    it.each(signers)('signs with %s and %s what openssl verifies', async (type, mechanism) => {
      for (const message of ['one', 'two', 'three']) {
        const digest = createHash('sha256').update(message).digest();
        const signature = await hsm.sign(key(type).ref, mechanism, digest);
        expect(opensslVerifies(key(type), mechanism, digest, signature)).toBe(true);
        const other = createHash('sha256').update('other').digest();
        expect(opensslVerifies(key(type), mechanism, other, signature)).toBe(false);
      }
    });

    it('signs 64 digests at once', async () => {
      const digests = Array.from({ length: 64 }, () => randomBytes(32));
      const signatures = await Promise.all(
        digests.map((digest) => hsm.sign(key('EC_P256').ref, 'ECDSA_SHA_256', digest)),
      );
      const isVerified = digests.map((digest, index) =>
        opensslVerifies(key('EC_P256'), 'ECDSA_SHA_256', digest, signatures[index] ?? Buffer.alloc(0)),
      );
      expect(isVerified).not.toContain(false);
    });

    it.each([
      ['EC_P256', 'RSA_PSS_SHA_256', 32, 'a key of type "EC_P256" cannot sign with "RSA_PSS_SHA_256"'],
      ['RSA_2048', 'ECDSA_SHA_256', 32, 'a key of type "RSA_2048" cannot sign with "ECDSA_SHA_256"'],
      ['RSA_2048', 'RSA_PKCS1_SHA_256', 31, 'a digest of 31 bytes was given, 32 are wanted'],
    ] as const)('does not sign with %s, %s and %i bytes', async (type, mechanism, bytes, message) => {
      await expect(hsm.sign(key(type).ref, mechanism, Buffer.alloc(bytes))).rejects.toMatchObject({
        code: 'emulator',
        message,
      });
    });

    it('does not decrypt with an EC key', async () => {
      await expect(decrypt('EC_P256', 'RSAES_OAEP_SHA_256', Buffer.alloc(256))).rejects.toMatchObject({
        code: 'emulator',
        message: 'a key of type "EC_P256" cannot decrypt',
      });
    });

    it('forgets a destroyed key, and ignores references that it does not know', async () => {
      const { ref } = await hsm.generateKey('RSA_2048');
      await hsm.sign(ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32));
      await hsm.destroyKey(ref);
      const gone = { code: 'emulator', message: `the HSM holds no key "${ref}"` };
      await expect(hsm.sign(ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32))).rejects.toMatchObject(gone);
      await expect(hsm.decrypt(ref, 'RSAES_OAEP_SHA_256', Buffer.alloc(256))).rejects.toMatchObject(gone);
      await expect(hsm.destroyKey(ref)).resolves.toBeUndefined();
      await expect(hsm.destroyKey('no such key')).resolves.toBeUndefined();
      await expect(hsm.sign('', 'ECDSA_SHA_256', Buffer.alloc(32))).rejects.toMatchObject({
        code: 'emulator',
      });
      expect(await hsm.sign(key('RSA_2048').ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32))).toHaveLength(256);
    });

    it('lists the keys of its owner, old and new, and no destroyed ones', async () => {
      const before = await hsm.keys();
      expect([...before].sort()).toEqual([...keys.values()].map(({ ref }) => ref).sort());
      const { ref } = await hsm.generateKey('RSA_2048');
      expect([...(await hsm.keys())].sort()).toEqual([...before, ref].sort());
      await hsm.destroyKey(ref);
      expect(await hsm.keys()).toEqual(before);
    });

    it.each(RSA_TYPES)('takes in a key of type %s, and uses it like its own', async (type) => {
      const modulusLength = Number(type.slice(4));
      const pair = generateKeyPairSync('rsa', { modulusLength });
      const imported = await hsm.importKey(type, pair.privateKey);
      expect(imported.type).toBe(type);
      expect(publicKeyOf(imported).equals(pair.publicKey)).toBe(true);
      const plaintext = await hsm.decrypt(
        imported.ref,
        'RSAES_OAEP_SHA_256',
        opensslEncrypt(imported, 'sha256', Buffer.from('hello')),
      );
      expect(plaintext && Buffer.from(plaintext).toString()).toBe('hello');
      const digest = randomBytes(32);
      for (const mechanism of ['RSA_PSS_SHA_256', 'RSA_PKCS1_SHA_256'] as const) {
        const signature = await hsm.sign(imported.ref, mechanism, digest);
        expect(opensslVerifies(imported, mechanism, digest, signature)).toBe(true);
      }
      expect(await hsm.keys()).toContain(imported.ref);
      await hsm.destroyKey(imported.ref);
      expect(await hsm.keys()).not.toContain(imported.ref);
    });

    it.each(ecTypes)('takes in a key of type %s, and signs with it', async (type) => {
      const namedCurve = type === 'EC_P256' ? 'prime256v1' : 'secp256k1';
      const imported = await hsm.importKey(type, generateKeyPairSync('ec', { namedCurve }).privateKey);
      const digest = randomBytes(32);
      const signature = await hsm.sign(imported.ref, 'ECDSA_SHA_256', digest);
      expect(opensslVerifies(imported, 'ECDSA_SHA_256', digest, signature)).toBe(true);
      await hsm.destroyKey(imported.ref);
    });

    it('keeps its keys over a restart', async () => {
      const ciphertext = opensslEncrypt(key('RSA_2048'), 'sha256', Buffer.from('kept'));
      const { identity } = hsm;
      await hsm.close();
      await hsm.close();
      await expect(decrypt('RSA_2048', 'RSAES_OAEP_SHA_256', ciphertext)).rejects.toMatchObject({
        code: 'emulator',
        message: expect.stringContaining('closed') as string,
      });
      hsm = await backend.open(OWNER);
      expect(hsm.identity).toBe(identity);
      expect([...(await hsm.keys())].sort()).toEqual([...keys.values()].map(({ ref }) => ref).sort());
      const plaintext = await decrypt('RSA_2048', 'RSAES_OAEP_SHA_256', ciphertext);
      expect(plaintext && Buffer.from(plaintext).toString()).toBe('kept');
      for (const type of ecTypes) {
        const digest = randomBytes(32);
        const signature = await hsm.sign(key(type).ref, 'ECDSA_SHA_256', digest);
        expect(opensslVerifies(key(type), 'ECDSA_SHA_256', digest, signature)).toBe(true);
      }
    });
  });
}

function publicKeyOf(key: HsmKey): KeyObject {
  return createPublicKey({ key: Buffer.from(key.publicKeyDer), format: 'der', type: 'spki' });
}
