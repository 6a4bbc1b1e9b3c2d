import { expect, it } from 'vitest';
import { kms2016Caller, openApiCaller } from './callers.js';
import { runEmulator } from './running.js';

const running = runEmulator();

it.each(['', 'v2'])(
  'openapi-client (signatureAlgorithm "%s") understands a refusal',
  async (signatureAlgorithm) => {
    const change = { accessKeySecret: 'wrong', ...(signatureAlgorithm && { signatureAlgorithm }) };
    await expect(openApiCaller(running.emulator, change)('ListKeys', {})).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
      data: { HttpStatus: 400 },
    });
  },
);

it('kms20160120 understands a refusal', async () => {
  await expect(kms2016Caller(running.emulator)('DescribeKey', { KeyId: 'key-hzz0' })).rejects.toMatchObject({
    code: 'Forbidden.KeyNotFoundError',
    data: { HttpStatus: 404 },
  });
});

it('kms20160120 lists keys and aliases, though it sends every unset parameter as an empty one', async () => {
  const call = kms2016Caller(running.emulator);
  expect(await call('ListKeys', {})).toMatchObject({ PageNumber: 1, PageSize: 10 });
  expect(await call('ListAliases', {})).toMatchObject({ PageNumber: 1, PageSize: 10 });
});
