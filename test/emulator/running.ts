/** An emulator that ends with the test file, and calls to it. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { Emulator, EmulatorOptions } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { type Answer, type Params, send, signV3 } from './signer.js';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export interface Running {
  emulator: Emulator;
  readonly notices: string[];
  /** A correctly signed V3 call. */
  call(action: string, params?: Params): Promise<Answer>;
  /** The members of a call that succeeds. */
  ok(action: string, params?: Params): Promise<Record<string, unknown>>;
}

/** Starts an emulator before all tests of the file. */
export function runEmulator(options: EmulatorOptions = {}): Running {
  const running: Running = {
    emulator: undefined as unknown as Emulator,
    notices: [],
    call: (action, query = {}) => {
      const timeMs = (options.clock ?? Date.now)();
      return send(running.emulator.endpoint, signV3(running.emulator, action, { query, timeMs }));
    },
    ok: async (action, params) => {
      const answer = await running.call(action, params);
      expect(answer).toMatchObject({
        status: 200,
        json: { RequestId: expect.stringMatching(UUID) as string },
      });
      return answer.json;
    },
  };
  beforeAll(async () => {
    const onNotice = (line: string) => running.notices.push(line);
    running.emulator = await startEmulator({ hsm: 'software', onNotice, ...options });
  });
  afterAll(() => running.emulator.close());
  return running;
}

/** Expects an error body of the service with this status and code. */
export function expectRefusal({ status, json, headers }: Answer, expected: number, code: string): void {
  expect({ status, code: json['Code'] }).toEqual({ status: expected, code });
  expect(headers['content-type']).toBe('application/json;charset=utf-8');
  expect(json).toEqual({
    HttpStatus: expected,
    Code: code,
    Message: expect.stringMatching(/./) as string,
    HostId: expect.stringMatching(/./) as string,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=Kms&requestId=${String(json['RequestId'])}`,
    RequestId: expect.stringMatching(UUID) as string,
  });
}

export interface CreatedKey {
  readonly KeyId: string;
  readonly KeyVersionId: string;
  readonly Arn: string;
}

/** Makes a key and looks up its version. */
export async function createKey(running: Running, params: Params = {}): Promise<CreatedKey> {
  const created = await running.ok('CreateKey', {
    KeySpec: 'RSA_2048',
    KeyUsage: 'ENCRYPT/DECRYPT',
    ...params,
  });
  const { KeyId, Arn } = created['KeyMetadata'] as { KeyId: string; Arn: string };
  const { KeyVersions } = await running.ok('ListKeyVersions', { KeyId });
  const [version] = (KeyVersions as { KeyVersion: { KeyVersionId: string }[] }).KeyVersion;
  return { KeyId, Arn, KeyVersionId: version?.KeyVersionId ?? '' };
}
