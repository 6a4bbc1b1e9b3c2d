/** What a real token must show besides the common conformance: sealed keys, and recovery from lost sessions. */
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Hsm, HsmKey } from '../../../src/emulator/hsm/hsm.js';
import type { Handle, Pkcs11Binding, Pkcs11Library } from '../../../src/emulator/hsm/pkcs11-binding.js';
import { loadModule } from '../../../src/emulator/hsm/pkcs11-module.js';
import { findToken } from '../../../src/emulator/hsm/pkcs11-token.js';

/** A token under test. */
export interface TokenUnderTest {
  readonly label: string;
  /** Path of the module, looked up when the tests start. */
  readonly modulePath: () => Promise<string>;
  readonly open: () => Promise<Hsm>;
  /**
   * False for NSS softokn, which answers truly that a key is not extractable and yet wraps and copies it (3.87);
   * nothing in a key's template prevents that.
   */
  readonly enforcesExtractable: boolean;
  /** Whether CKM_RSA_PKCS_OAEP works with SHA-256. */
  readonly hasOaepSha256: boolean;
}

/** Looks at the token's objects through a session of its own, in the same process and login. */
export function describeToken(name: string, subject: TokenUnderTest): void {
  describe(`${name} as a token`, () => {
    let hsm: Hsm;
    let key: HsmKey;
    let binding: Pkcs11Binding;
    let library: Pkcs11Library;
    let slot: Handle;

    const openSession = (): Handle =>
      library.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
    const findPrivateKey = (session: Handle, ref: string): Handle => {
      library.C_FindObjectsInit(session, [
        { type: binding.CKA_CLASS, value: binding.CKO_PRIVATE_KEY },
        { type: binding.CKA_ID, value: Buffer.from(ref, 'hex') },
      ]);
      const found = library.C_FindObjects(session, 2);
      library.C_FindObjectsFinal(session);
      expect(found).toHaveLength(1);
      return found[0] as Handle;
    };
    const decrypted = async (): Promise<string | undefined> => {
      const publicKey = createPublicKey({ key: Buffer.from(key.publicKeyDer), format: 'der', type: 'spki' });
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const ciphertext = publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, Buffer.from('hello'));
      const plaintext = await hsm.decrypt(key.ref, 'RSAES_OAEP_SHA_256', ciphertext);
      return plaintext && Buffer.from(plaintext).toString();
    };

    beforeAll(async () => {
      hsm = await subject.open();
      key = await hsm.generateKey('RSA_2048');
      const module = await loadModule(await subject.modulePath());
      ({ binding, library } = module);
      slot = findToken({ ...module, release: () => undefined }, { token: subject.label }).slot;
    });

    afterAll(async () => {
      await hsm.destroyKey(key.ref);
      await hsm.close();
    });

    it('holds private keys that are born sealed', async () => {
      const ecKey = await hsm.generateKey('EC_P256');
      const session = openSession();
      for (const ref of [key.ref, ecKey.ref]) {
        const handle = findPrivateKey(session, ref);
        const flag = (type: number) => library.C_GetAttributeValue(session, handle, [{ type }])[0]?.value[0];
        expect({
          token: flag(binding.CKA_TOKEN),
          private: flag(binding.CKA_PRIVATE),
          sensitive: flag(binding.CKA_SENSITIVE),
          extractable: flag(binding.CKA_EXTRACTABLE),
          alwaysSensitive: flag(binding.CKA_ALWAYS_SENSITIVE),
          neverExtractable: flag(binding.CKA_NEVER_EXTRACTABLE),
        }).toEqual({
          token: 1,
          private: 1,
          sensitive: 1,
          extractable: 0,
          alwaysSensitive: 1,
          neverExtractable: 1,
        });
      }
      library.C_CloseSession(session);
      await hsm.destroyKey(ecKey.ref);
    });

    it('does not tell the private parts of a key', async () => {
      const ecKey = await hsm.generateKey('EC_P256');
      const session = openSession();
      const read = (ref: string, type: number) => () =>
        library.C_GetAttributeValue(session, findPrivateKey(session, ref), [{ type }]);
      const { CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_COEFFICIENT, CKA_VALUE } = binding;
      for (const type of [CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_COEFFICIENT]) {
        expect(read(key.ref, type)).toThrow('CKR_ATTRIBUTE_SENSITIVE');
      }
      expect(read(ecKey.ref, CKA_VALUE)).toThrow('CKR_ATTRIBUTE_SENSITIVE');
      expect(read(key.ref, binding.CKA_MODULUS)()[0]?.value).toHaveLength(256);
      library.C_CloseSession(session);
      await hsm.destroyKey(ecKey.ref);
    });

    if (subject.enforcesExtractable)
      it('does not let a key be made extractable', () => {
        const session = openSession();
        const handle = findPrivateKey(session, key.ref);
        for (const change of [
          { type: binding.CKA_EXTRACTABLE, value: true },
          { type: binding.CKA_SENSITIVE, value: false },
        ]) {
          expect(() => {
            library.C_SetAttributeValue(session, handle, [change]);
          }).toThrow(/^CKR_/);
          expect(() => library.C_CopyObject(session, handle, [change])).toThrow(/^CKR_/);
        }
        library.C_CloseSession(session);
      });

    const title = 'does not wrap a key out, by a mechanism that wraps an extractable one';
    if (subject.enforcesExtractable)
      it(title, () => {
        const session = openSession();
        const wrappingKey = library.C_GenerateKey(session, { mechanism: binding.CKM_AES_KEY_GEN }, [
          { type: binding.CKA_VALUE_LEN, value: 32 },
          { type: binding.CKA_WRAP, value: true },
          { type: binding.CKA_ENCRYPT, value: true },
        ]);
        const extractable = library.C_GenerateKeyPair(
          session,
          { mechanism: binding.CKM_RSA_PKCS_KEY_PAIR_GEN },
          [
            { type: binding.CKA_MODULUS_BITS, value: 2048 },
            { type: binding.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
          ],
          [{ type: binding.CKA_EXTRACTABLE, value: true }],
        );
        const wrap = (handle: Handle, mechanism: number): number => {
          const parameter = mechanism === binding.CKM_AES_CBC_PAD ? { parameter: Buffer.alloc(16) } : {};
          return library.C_WrapKey(
            session,
            { mechanism, ...parameter },
            wrappingKey,
            handle,
            Buffer.alloc(4096),
          ).length;
        };
        const working = [binding.CKM_AES_CBC_PAD, binding.CKM_AES_KEY_WRAP_PAD].filter((mechanism) => {
          try {
            return wrap(extractable.privateKey, mechanism) > 1000;
          } catch {
            return false;
          }
        });
        expect(working).not.toEqual([]);
        for (const mechanism of working) {
          expect(() => wrap(findPrivateKey(session, key.ref), mechanism)).toThrow(/^CKR_/);
        }
        library.C_CloseSession(session);
      });

    it('does OAEP in the token where the token can, and the bare RSA operation where it cannot', async () => {
      expect(await decrypted()).toBe('hello');
      const init = vi.spyOn(library, 'C_DecryptInit');
      expect(await decrypted()).toBe('hello');
      expect(init.mock.calls.map(([, mechanism]) => (mechanism as { mechanism: number }).mechanism)).toEqual([
        subject.hasOaepSha256 ? binding.CKM_RSA_PKCS_OAEP : binding.CKM_RSA_X_509,
      ]);
      init.mockRestore();
    });

    it('opens its sessions again after they were all closed', async () => {
      expect(await decrypted()).toBe('hello');
      library.C_CloseAllSessions(slot);
      expect(await decrypted()).toBe('hello');
      library.C_CloseAllSessions(slot);
      expect(await Promise.all(Array.from({ length: 40 }, decrypted))).toEqual(Array(40).fill('hello'));
      library.C_CloseAllSessions(slot);
      expect(await hsm.sign(key.ref, 'RSA_PSS_SHA_256', Buffer.alloc(32))).toHaveLength(256);
      library.C_CloseAllSessions(slot);
      const other = await hsm.generateKey('EC_P256');
      library.C_CloseAllSessions(slot);
      await hsm.destroyKey(other.ref);
    });

    it('logs in again after a logout', async () => {
      expect(await decrypted()).toBe('hello');
      const session = openSession();
      library.C_Logout(session);
      expect(await decrypted()).toBe('hello');
      library.C_CloseSession(session);
      expect(await decrypted()).toBe('hello');
    });

    it('serves two HSMs at once, and either after the other was closed', async () => {
      const second = await subject.open();
      const other = await second.generateKey('RSA_2048');
      expect(await hsm.sign(other.ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32))).toHaveLength(256);
      await second.close();
      expect(await decrypted()).toBe('hello');
      await hsm.destroyKey(other.ref);
    });
  });
}
