import { describe, expect, it } from 'vitest';
import type { KmsAsymError } from '../../src/errors.js';
import { clientOf, json, refuse, serve, type Handler } from './test-server.js';

const REF = { keyId: 'key-1', keyVersionId: 'v1' };

async function failure(handler: Handler): Promise<KmsAsymError> {
  const server = await serve(handler);
  const client = await clientOf(server.endpoint);
  const error: unknown = await client
    .asymmetricDecrypt(REF, 'A', Buffer.from('x'))
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'KmsAsymError' });
  return error as KmsAsymError;
}

describe('an error of the service', () => {
  it('keeps code, status, message and RequestId', async () => {
    const error = await failure((_request, response) => {
      json(response, 404, {
        Code: 'Forbidden.KeyNotFound',
        Message: 'The specified Key is not found.',
        RequestId: 'a1b2',
      });
    });
    expect(error.code).toBe('service-refused');
    expect(error.message).toBe(
      'AsymmetricDecrypt of key "key-1" was refused: The specified Key is not found',
    );
    expect(error.service).toEqual({
      code: 'Forbidden.KeyNotFound',
      httpStatus: 404,
      requestId: 'a1b2',
      action: 'AsymmetricDecrypt',
    });
    expect(error.hints).toEqual([expect.stringContaining('--region')]);
  });

  it.each([
    [400, 'InvalidParameter', 'service-refused'],
    [400, 'UnsupportedOperation', 'service-refused'],
    [403, 'Forbidden.NoPermission', 'service-refused'],
    [403, 'Forbidden.AccessKey', 'service-refused'],
    [409, 'Rejected.Disabled', 'service-refused'],
    [400, 'SignatureNonceUsed', 'service-refused'],
    [404, 'InvalidAccessKeyId.NotFound', 'credentials'],
    [400, 'InvalidAccessKeyId.Inactive', 'credentials'],
    [400, 'SignatureDoesNotMatch', 'credentials'],
    [400, 'IncompleteSignature', 'credentials'],
    [400, 'InvalidSecurityToken.Expired', 'credentials'],
    [400, 'MissingSecurityToken', 'credentials'],
    [400, 'InvalidTimeStamp.Expired', 'credentials'],
    [400, 'InvalidTimeStamp.Format', 'service-refused'],
    [429, 'Rejected.Throttling', 'unavailable'],
    [400, 'Throttling', 'unavailable'],
    [400, 'Throttling.User', 'unavailable'],
    [429, 'Whatever', 'unavailable'],
    [500, 'InternalFailure', 'unavailable'],
    [503, 'SerivceUnvailableTemporary', 'unavailable'],
    [503, 'SignatureDoesNotMatch', 'unavailable'],
    [400, 'ThrottlingX', 'service-refused'],
    [400, 'constructor', 'service-refused'],
  ])('%i %s is %s', async (status, code, expected) => {
    const error = await failure((_request, response) => {
      refuse(response, status, code);
    });
    expect(error.code).toBe(expected);
    expect(error.service).toMatchObject({ code, httpStatus: status, requestId: 'req-1' });
  });

  it.each([
    ['Forbidden.NoPermission', /kms:AsymmetricDecrypt/],
    ['Rejected.Disabled', /enable-key/],
    ['Forbidden.KeyVersionNotFound', /--key-version-id/],
    ['Forbidden.AliasNotFound', /alias/],
    ['SignatureDoesNotMatch', /ALIBABA_CLOUD_ACCESS_KEY_SECRET/],
    ['InvalidSecurityToken.Expired', /STS token has expired/],
  ])('%s says what to do', async (code, hint) => {
    const error = await failure((_request, response) => {
      refuse(response, 400, code);
    });
    expect(error.hints.join('\n')).toMatch(hint);
  });

  it('UnsupportedOperation asks for a KMS instance where a key is created, and only there', async () => {
    const server = await serve((_request, response) => {
      refuse(response, 400, 'UnsupportedOperation');
    });
    const client = await clientOf(server.endpoint);
    const input = { keySpec: 'RSA_2048', keyUsage: 'U', protectionLevel: 'HSM', origin: 'O' };
    await expect(client.createKey(input)).rejects.toMatchObject({
      hints: [expect.stringContaining('--instance-id kst-')],
    });
    await expect(client.describeKey('k')).rejects.toMatchObject({ hints: [] });
  });

  it.each([
    ['90 min behind', 90],
    ['20 min ahead of', -20],
  ])('names a clock that is %s the service', async (words, minutes) => {
    const error = await failure((_request, response) => {
      const date = new Date(Date.now() + minutes * 60_000).toUTCString();
      refuse(response, 400, 'InvalidTimeStamp.Expired', { date });
    });
    expect(error.hints[0]).toContain(`it is ${words} the service's`);
  });

  it('does not ask for a clock to be set that agrees with the service', async () => {
    const error = await failure((_request, response) => {
      refuse(response, 400, 'InvalidTimeStamp.Expired', { date: new Date().toUTCString() });
    });
    expect(error.hints[0]).toBe(
      "this machine's clock and the service's agree: the request may have been held up on its way",
    );
  });

  it('speaks of the clock even when the service does not tell the time', async () => {
    const error = await failure((_request, response) => {
      response.sendDate = false;
      refuse(response, 400, 'InvalidTimeStamp.Expired');
    });
    expect(error.hints[0]).toMatch(/^set this machine's clock: the service found/);
  });

  it('never shows the string to sign, which holds the security token', async () => {
    const error = await failure((_request, response) => {
      json(response, 400, {
        Code: 'SignatureDoesNotMatch',
        Message:
          'Specified signature is not matched with our calculation. server string to sign is:x-acs-security-token:TOPSECRET',
      });
    });
    expect(error.message).toBe(
      'AsymmetricDecrypt of key "key-1" was refused: Specified signature is not matched with our calculation',
    );
    expect(error.service?.requestId).toBe('');
  });

  it('is stripped of what a terminal would obey', async () => {
    const error = await failure((_request, response) => {
      json(response, 400, {
        Code: '\u001b[2JBad\u0007',
        Message: 'line\n\u001b[31mtwo\u202e',
        RequestId: '\u001b[Hid\n',
      });
    });
    expect(error.message).toBe('AsymmetricDecrypt of key "key-1" was refused: line two');
    expect(error.service).toMatchObject({ code: 'Bad', requestId: 'id' });
  });

  it('without a legible code or message is still an error', async () => {
    const error = await failure((_request, response) => {
      json(response, 400, { Code: '\u0007', Message: 7 });
    });
    expect(error.message).toBe('AsymmetricDecrypt of key "key-1" was refused');
    expect(error.service?.code).toBe('unknown error');
  });
});

describe('an answer in another format', () => {
  it.each([
    [502, 'unavailable'],
    [500, 'unavailable'],
    [429, 'unavailable'],
    [403, 'invalid-response'],
    [407, 'invalid-response'],
    [200, 'invalid-response'],
  ])('HTML with status %i is %s', async (status, code) => {
    const error = await failure((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html><h1>oops</h1></html>');
    });
    expect(error.code).toBe(code);
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).not.toContain('oops');
    expect(error.service).toBeUndefined();
  });

  it.each(['', '[]', 'null', '"text"', '{"KeyId":'])('%j is invalid', async (body) => {
    const error = await failure((_request, response) => response.end(body));
    expect(error.code).toBe('invalid-response');
  });

  it('a refusal without a code is invalid', async () => {
    const error = await failure((_request, response) => {
      json(response, 400, { message: 'hello' });
    });
    expect(error.code).toBe('invalid-response');
  });

  it.each([301, 302, 307, 308])(
    'a redirect (%i) is not followed, nor taken for an answer',
    async (status) => {
      const other = await serve((_request, response) => response.end('{}'));
      const error = await failure((_request, response) => {
        const answer = { KeyId: REF.keyId, KeyVersionId: REF.keyVersionId, Plaintext: '', RequestId: 'r' };
        json(response, status, answer, { location: `${other.endpoint}/` });
      });
      expect(error.code).toBe('invalid-response');
      expect(error.message).toContain(`with a redirect (HTTP ${status})`);
      expect(other.received).toEqual([]);
    },
  );
});
