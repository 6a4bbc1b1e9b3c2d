/** `pkcs11:` URIs on SoftHSM tokens that were set up by somebody else, and everything that can be wrong with them. */
import { execFileSync } from 'node:child_process';
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { KmsAsymError } from '../../../src/errors.js';
import type { HsmKey } from '../../../src/emulator/hsm/hsm.js';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { acquireModule } from '../../../src/emulator/hsm/pkcs11-module.js';
import { findToken } from '../../../src/emulator/hsm/pkcs11-token.js';
import { findSoftHsm } from '../../../src/emulator/hsm/softhsm.js';
import { opensslVerifies } from './openssl.js';

const PIN = 'secret-pin';
const directory = mkdtempSync(path.join(tmpdir(), 'kms-asym-pkcs11-'));
const modulePath = await findSoftHsm();
await setUpTokens();
const troubledPath = buildTroubledModule();

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

afterEach(() => {
  for (const name of ['LOGIN', 'DECRYPT', 'PSS', 'ZEROS'])
    Reflect.deleteProperty(process.env, `TROUBLE_${name}`);
});

const uri = (token: string, query = `pin-value=${PIN}`, module = modulePath): string =>
  `pkcs11:token=${token}?module-path=${module}&${query}`;

async function refusal(choice: string, expected = 'emulator'): Promise<KmsAsymError> {
  const error: unknown = await openHsm(choice).then(
    async (hsm) => {
      await hsm.close();
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KmsAsymError);
  const { message, hints, code } = error as KmsAsymError;
  expect(code).toBe(expected);
  expect(`${message} ${hints.join(' ')}`).not.toContain(PIN);
  return error as KmsAsymError;
}

function encryptTo(key: HsmKey, message: string, oaepHash = 'sha256'): Buffer {
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKeyDer), format: 'der', type: 'spki' });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key: publicKey, padding, oaepHash }, Buffer.from(message));
}

describe('a pkcs11: URI', () => {
  it.each([
    ['a PIN in it', `pin-value=${PIN}`],
    ['a PIN in a file that ends with a line break', `pin-source=file:${path.join(directory, 'pin')}`],
  ])('opens its token with %s', async (_title, query) => {
    const hsm = await openHsm(uri('good', query));
    expect(hsm.backend).toBe('pkcs11');
    expect(hsm.description).toMatch(/^SoftHSM 2\.\d+, token "good"$/);
    const key = await hsm.generateKey('RSA_2048');
    const plaintext = await hsm.decrypt(key.ref, 'RSAES_OAEP_SHA_256', encryptTo(key, 'hello'));
    expect(plaintext && Buffer.from(plaintext).toString()).toBe('hello');
    await hsm.destroyKey(key.ref);
    await hsm.close();
  });

  it('finds a module by its name', async () => {
    const hsm = await openHsm(
      `pkcs11:token=good;manufacturer=SoftHSM%20project?module-name=softhsm2&pin-value=${PIN}`,
    );
    expect(hsm.description).toContain('token "good"');
    await hsm.close();
  });

  it('is refused when the PIN is wrong', async () => {
    const error = await refusal(uri('good', 'pin-value=wrong-pin'));
    expect(error.message).toBe('wrong PIN for the token "good"');
    expect(error.hints).toEqual(['check pin-value or pin-source in the pkcs11: URI']);
  });

  it('is refused when there is no PIN', async () => {
    const error = await refusal(`pkcs11:token=good?module-path=${modulePath}`);
    expect(error.message).toBe('the token "good" needs a PIN');
  });

  it('is refused when the PIN file is missing', async () => {
    const error = await refusal(uri('good', 'pin-source=/nowhere/pin'), 'read-failed');
    expect(error.message).toBe('cannot read the PIN from "/nowhere/pin": it does not exist');
  });

  it('is refused when the token has no user PIN yet', async () => {
    const error = await refusal(uri('fresh'));
    expect(error.message).toBe('no user PIN has been set for the token "fresh"');
  });

  it.each([
    ['0xa4', 'the PIN is locked for the token "good"'],
    ['0xa3', 'the PIN has expired for the token "good"'],
    ['0x30', 'the HSM could not log in to the token "good" (CKR_DEVICE_ERROR)'],
  ])('is refused when the login answers %s', async (value, message) => {
    process.env['TROUBLE_LOGIN'] = value;
    expect((await refusal(uri('good', `pin-value=${PIN}`, troubledPath))).message).toBe(message);
  });

  it('is refused when there is no such token, with the tokens that there are', async () => {
    const error = await refusal(uri('absent'));
    expect(error.message).toBe('there is no token "absent"');
    expect(error.hints[0]).toMatch(
      /^the module holds ("\w+", )*"good"(, "\w+")*: choose with token= or serial=$/,
    );
    expect((await refusal(`pkcs11:model=none?module-path=${modulePath}`)).message).toBe(
      'no token matches the PKCS#11 URI',
    );
  });

  it('is refused when several tokens match', async () => {
    expect((await refusal(uri('twin'))).message).toBe('several tokens match the PKCS#11 URI');
  });

  it.each([
    ['/nowhere/libnothing.so', 'there is no PKCS#11 module "/nowhere/libnothing.so"'],
    [path.join(directory, 'pin'), `could not load the PKCS#11 module "${path.join(directory, 'pin')}"`],
    [
      path.join(directory, 'empty.so'),
      `could not load the PKCS#11 module "${path.join(directory, 'empty.so')}"`,
    ],
  ])('is refused when its module is %s', async (module, message) => {
    expect((await refusal(uri('good', `pin-value=${PIN}`, module))).message).toBe(message);
  });

  it('is refused when no module has that name', async () => {
    const error = await refusal(`pkcs11:token=good?module-name=no-such-module&pin-value=${PIN}`);
    expect(error.message).toBe('found no PKCS#11 module "no-such-module"');
    expect(error.hints).toEqual(['give its absolute path as module-path in the pkcs11: URI']);
  });

  it('is refused while the module is in use with other settings', async () => {
    const hsm = await openHsm(uri('good'));
    const error = await refusal(uri('good', `pin-value=${PIN}&x-init-args=other`));
    expect(error.message).toBe(`the PKCS#11 module "${modulePath}" is already in use with other settings`);
    await hsm.close();
  });
});

describe('a token in trouble', () => {
  it('is an error, never an undecryptable ciphertext', async () => {
    const hsm = await openHsm(uri('good', `pin-value=${PIN}`, troubledPath));
    const key = await hsm.generateKey('RSA_2048');
    for (const mechanism of ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'] as const) {
      const hash = mechanism.endsWith('256') ? 'sha256' : 'sha1';
      const decrypt = () => hsm.decrypt(key.ref, mechanism, encryptTo(key, 'hello', hash));
      process.env['TROUBLE_DECRYPT'] = '0x32';
      await expect(decrypt()).rejects.toMatchObject({
        code: 'emulator',
        message: 'the HSM could not decrypt (CKR_DEVICE_REMOVED)',
      });
      Reflect.deleteProperty(process.env, 'TROUBLE_DECRYPT');
      expect(await decrypt()).toBeDefined();
      process.env['TROUBLE_DECRYPT'] = '0x2';
      await expect(decrypt()).rejects.toThrow('the HSM could not decrypt (CKR_HOST_MEMORY)');
      Reflect.deleteProperty(process.env, 'TROUBLE_DECRYPT');
      expect(await decrypt()).toBeDefined();
    }
    await hsm.destroyKey(key.ref);
    await hsm.close();
  });

  it('does not use a key of a type that it does not make', async () => {
    const hsm = await openHsm(uri('good'));
    const { binding, library, release } = await acquireModule(modulePath);
    const slot = findToken({ binding, library, release }, { token: 'good' }).slot;
    const session = library.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
    const secp384r1 = Buffer.from('06052b81040022', 'hex');
    library.C_GenerateKeyPair(
      session,
      { mechanism: binding.CKM_EC_KEY_PAIR_GEN },
      [{ type: binding.CKA_EC_PARAMS, value: secp384r1 }],
      [{ type: binding.CKA_ID, value: Buffer.alloc(16, 0xee) }],
    );
    await expect(hsm.sign('ee'.repeat(16), 'ECDSA_SHA_256', Buffer.alloc(32))).rejects.toThrow(
      'the key is of a type that this program does not make',
    );
    library.C_CloseSession(session);
    release();
    await hsm.close();
  });

  it('signs with RSA-PSS even where it only has the bare RSA operation', async () => {
    process.env['TROUBLE_PSS'] = '1';
    const hsm = await openHsm(uri('good', `pin-value=${PIN}`, troubledPath));
    for (const type of ['RSA_2048', 'RSA_3072'] as const) {
      const key = await hsm.generateKey(type);
      for (let round = 0; round < 8; round += 1) {
        const digest = Buffer.alloc(32, round);
        const signature = await hsm.sign(key.ref, 'RSA_PSS_SHA_256', digest);
        expect(opensslVerifies(key, 'RSA_PSS_SHA_256', digest, signature)).toBe(true);
      }
      await hsm.destroyKey(key.ref);
    }
    await hsm.close();
  });

  it('decrypts although it drops leading zeros of the bare RSA result', async () => {
    process.env['TROUBLE_ZEROS'] = '1';
    const hsm = await openHsm(uri('good', `pin-value=${PIN}`, troubledPath));
    const key = await hsm.generateKey('RSA_2048');
    const plaintext = await hsm.decrypt(key.ref, 'RSAES_OAEP_SHA_256', encryptTo(key, 'hello'));
    expect(plaintext && Buffer.from(plaintext).toString()).toBe('hello');
    await hsm.destroyKey(key.ref);
    await hsm.close();
  });

  it('ends jobs that wait when it is closed', async () => {
    const hsm = await openHsm(uri('good'));
    const key = await hsm.generateKey('RSA_4096');
    const jobs = Array.from({ length: 40 }, () => hsm.sign(key.ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32)));
    const results = Promise.allSettled(jobs);
    await Promise.all([hsm.close(), hsm.close()]);
    const outcomes = (await results).map((result) =>
      result.status === 'fulfilled' ? result.value.length : (result.reason as Error).message,
    );
    expect(new Set(outcomes)).toEqual(new Set([512, 'the HSM is closed']));
  });
});

/** Tokens `good`, `fresh` (without user PIN) and two called `twin`, in a directory of their own. */
async function setUpTokens(): Promise<void> {
  const tokens = path.join(directory, 'tokens');
  mkdirSync(tokens);
  writeFileSync(
    path.join(directory, 'softhsm2.conf'),
    `directories.tokendir = ${tokens}\nlog.level = ERROR\n`,
  );
  writeFileSync(path.join(directory, 'pin'), `${PIN}\n`);
  process.env['SOFTHSM2_CONF'] = path.join(directory, 'softhsm2.conf');
  const { binding, library, release } = await acquireModule(modulePath);
  for (const label of ['good', 'twin', 'twin', 'fresh']) {
    const slot = library
      .C_GetSlotList(true)
      .find((candidate) => !(library.C_GetTokenInfo(candidate).flags & binding.CKF_TOKEN_INITIALIZED));
    if (slot === undefined) throw new Error('no free slot');
    library.C_InitToken(slot, 'so-pin', label);
    if (label === 'fresh') continue;
    const session = library.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
    library.C_Login(session, binding.CKU_SO, 'so-pin');
    library.C_InitPIN(session, PIN);
    library.C_CloseSession(session);
  }
  release();
}

function buildTroubledModule(): string {
  const headers = path.join(path.dirname(createRequire(import.meta.url).resolve('pkcs11js')), 'includes');
  const compile = (output: string, ...rest: string[]) =>
    execFileSync('cc', ['-shared', '-fPIC', '-o', path.join(directory, output), ...rest], {
      stdio: ['pipe', 'pipe', 'inherit'],
      input: '',
    });
  compile('empty.so', '-x', 'c', '-');
  const source = path.join(import.meta.dirname, 'troubled-module.c');
  compile('troubled.so', `-I${headers}`, `-DSOFTHSM="${modulePath}"`, source, '-ldl');
  return path.join(directory, 'troubled.so');
}
