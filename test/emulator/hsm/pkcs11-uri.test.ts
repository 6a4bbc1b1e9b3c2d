import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { KmsAsymError } from '../../../src/errors.js';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { parsePkcs11Uri } from '../../../src/emulator/hsm/pkcs11-uri.js';

describe('parsePkcs11Uri', () => {
  it.each([
    ['pkcs11:?module-path=/a/b.so', { modulePath: '/a/b.so' }],
    ['pkcs11:token=x?module-name=softhsm2', { token: 'x', moduleName: 'softhsm2' }],
    [
      'pkcs11:token=My%20token;manufacturer=a&b;model=m;serial=01?module-path=/a?b/c.so&pin-value=12%2634',
      {
        token: 'My token',
        manufacturer: 'a&b',
        model: 'm',
        serial: '01',
        modulePath: '/a?b/c.so',
        pinValue: '12&34',
      },
    ],
    [
      'pkcs11:token=%C3%A9?module-name=x&pin-source=/run/pin',
      { token: 'é', moduleName: 'x', pinSource: '/run/pin' },
    ],
    ['pkcs11:?module-name=x&pin-source=file:/run/pin', { moduleName: 'x', pinSource: '/run/pin' }],
    ['pkcs11:?module-name=x&pin-source=file:///run/pin', { moduleName: 'x', pinSource: '/run/pin' }],
    [
      "pkcs11:?module-name=softokn3&x-init-args=configdir='sql:/d'%20flags=",
      { moduleName: 'softokn3', initArgs: "configdir='sql:/d' flags=" },
    ],
    ['pkcs11:token=?module-name=x', { token: '', moduleName: 'x' }],
  ])('reads %s', (uri, expected) => {
    expect(parsePkcs11Uri(uri)).toEqual(expected);
  });

  it.each([
    ['', 'it does not start with "pkcs11:"'],
    ['PKCS11:token=x?module-name=y', 'it does not start with "pkcs11:"'],
    ['pkcs11:', 'it needs one of "module-path" and "module-name"'],
    ['pkcs11:token=x', 'it needs one of "module-path" and "module-name"'],
    ['pkcs11:?module-name=x&module-path=/y', 'it needs one of "module-path" and "module-name"'],
    ['pkcs11:?module-path=relative.so', '"module-path" is not an absolute path'],
    ['pkcs11:?module-path=', '"module-path" is not an absolute path'],
    ['pkcs11:?module-name=../x', '"module-name" is not a plain name'],
    ['pkcs11:?module-name=', '"module-name" is not a plain name'],
    ['pkcs11:?module-name=x&pin-value=1&pin-source=/p', '"pin-value" and "pin-source" exclude each other'],
    ['pkcs11:?module-name=x&pin-source=pin', '"pin-source" is not an absolute path'],
    ['pkcs11:?module-name=x&pin-source=|command', '"pin-source" is not an absolute path'],
    ['pkcs11:?module-name=x&pin-source=file://host/p', '"pin-source" is not an absolute path'],
    ['pkcs11:token=a;token=b?module-name=x', 'it repeats "token"'],
    ['pkcs11:?module-name=x&module-name=y', 'it repeats "module-name"'],
    ['pkcs11:token?module-name=x', 'it has an attribute without a name or "="'],
    ['pkcs11:=x?module-name=x', 'it has an attribute without a name or "="'],
    ['pkcs11:token=a;?module-name=x', 'it has an attribute without a name or "="'],
    ['pkcs11:?module-name=x&', 'it has an attribute without a name or "="'],
    ['pkcs11:object=a?module-name=x', 'the attribute "object" is not supported here'],
    ['pkcs11:toString=a?module-name=x', 'the attribute "toString" is not supported here'],
    ['pkcs11:\u001b[31m=a?module-name=x', 'the attribute one is not supported here'],
    ['pkcs11:pin-value=1234?module-name=x', 'the attribute "pin-value" stands before the "?"'],
    ['pkcs11:?token=a&module-name=x', 'the attribute "token" stands after the "?"'],
    [
      'pkcs11:token=My token?module-name=x',
      'the value of "token" has a character that must be percent-encoded',
    ],
    ['pkcs11:token=a/b?module-name=x', 'the value of "token" has a character that must be percent-encoded'],
    ['pkcs11:token=a%2?module-name=x', 'the value of "token" has a character that must be percent-encoded'],
    [
      'pkcs11:?module-name=x&pin-value=a#b',
      'the value of "pin-value" has a character that must be percent-encoded',
    ],
    [
      'pkcs11:?module-name=x&pin-value=a;b',
      'the value of "pin-value" has a character that must be percent-encoded',
    ],
    ['pkcs11:token=%FF?module-name=x', 'the value of "token" is not text'],
    ['pkcs11:token=a%00?module-name=x', 'the value of "token" is not text'],
  ])('refuses %j', (uri, reason) => {
    expect(() => parsePkcs11Uri(uri)).toThrow(
      expect.objectContaining({ code: 'usage', message: `bad PKCS#11 URI: ${reason}` }),
    );
  });

  it('reads back whatever text was percent-encoded into it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme-composite' }),
        (token, pin) => {
          fc.pre(!(token + pin).includes('\0'));
          const uri = `pkcs11:token=${encodeURIComponent(token)}?module-name=x&pin-value=${encodeURIComponent(pin)}`;
          expect(parsePkcs11Uri(uri)).toEqual({ token, moduleName: 'x', pinValue: pin });
        },
      ),
    );
  });

  it('never repeats a value', () => {
    fc.assert(
      fc.property(fc.string(), (junk) => {
        const secret = 'S3CRET';
        for (const uri of [
          `pkcs11:token=a${junk}?module-path=x&pin-value=${secret}`,
          `pkcs11:?module-name=x&pin-value=${secret}${junk}`,
          `pkcs11:?module-name=x&pin-value=${secret}&${junk}`,
        ]) {
          try {
            parsePkcs11Uri(uri);
          } catch (error) {
            expect(error).toBeInstanceOf(KmsAsymError);
            const { message, hints } = error as KmsAsymError;
            expect(message + hints.join(' ')).not.toContain(secret);
          }
        }
      }),
    );
  });
});

describe('openHsm', () => {
  it.each([
    ['hardware', 'unknown HSM "hardware"'],
    ['', 'unknown HSM'],
    ['pkcs11', 'unknown HSM "pkcs11"'],
    ['PKCS11:token=x?pin-value=1234', 'unknown HSM'],
  ])('does not know %j', async (choice, message) => {
    await expect(openHsm(choice)).rejects.toMatchObject({
      code: 'usage',
      message,
      hints: ['choose auto, softhsm, software or a pkcs11: URI'],
    });
  });
});
