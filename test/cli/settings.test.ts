import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseRegion, clientOptions, SERVICE_DEFAULTS } from '../../src/cli/settings.js';
import { temporaryFolder } from '../kms/test-server.js';

/** The environment of somebody whose aliyun CLI has a profile with a region, and one without. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const home = temporaryFolder();
  mkdirSync(join(home, '.aliyun'));
  const profiles = [
    { name: 'main', mode: 'AK', region_id: 'cn-beijing' },
    { name: 'bare', mode: 'AK' },
    { name: 'inside', mode: 'AK', endpoint_type: 'vpc', endpoint: 'evil.example' },
  ];
  writeFileSync(join(home, '.aliyun', 'config.json'), JSON.stringify({ current: 'main', profiles }));
  return { HOME: home, USERPROFILE: home, ...more };
}

const ELSEWHERE = { KMS_ASYM_ENDPOINT: 'localhost:1' };
const IN_ENVIRONMENT = { ALIBABA_CLOUD_REGION_ID: 'cn-shanghai' };

describe('the region', () => {
  it.each([
    ['of the flag, before all others', { region: 'us-east-1', profile: 'main' }, IN_ENVIRONMENT, 'us-east-1'],
    ['of a profile named by flag, before the environment', { profile: 'main' }, IN_ENVIRONMENT, 'cn-beijing'],
    ['of the environment, where that profile has none', { profile: 'bare' }, IN_ENVIRONMENT, 'cn-shanghai'],
    ['of the environment, before the current profile', {}, IN_ENVIRONMENT, 'cn-shanghai'],
    ['of the current profile', {}, {}, 'cn-beijing'],
    ['of no profile, where an endpoint is given', { endpoint: 'localhost:1' }, {}, undefined],
    ['of no profile, where the environment has an endpoint', {}, ELSEWHERE, undefined],
    ['of the current profile, where --vpc stands for its endpoint', { vpc: true }, ELSEWHERE, 'cn-beijing'],
    ['of no profile, where they are turned off', {}, { ALIBABA_CLOUD_IGNORE_PROFILE: 'TRUE' }, undefined],
  ])('is that %s', (_which, flags, env, region) => {
    expect(chooseRegion(flags, environment(env))).toBe(region);
  });

  it('of a file is a known one where it decides about the endpoint, as it does with --vpc', () => {
    expect(chooseRegion({}, ELSEWHERE, 'xx-evil')).toBe('xx-evil');
    for (const [flags, env] of [
      [{}, {}],
      [{ vpc: true }, ELSEWHERE],
    ] as const) {
      expect(() => chooseRegion(flags, env, 'xx-evil')).toThrow('unknown region "xx-evil"');
    }
  });
});

describe('the endpoint', () => {
  const options = (flags: object, env: NodeJS.ProcessEnv = {}) =>
    clientOptions({ ...SERVICE_DEFAULTS, ...flags }, env, 'cn-beijing');

  it('of the VPC is meant by --vpc, whatever the environment says', () => {
    const env = { KMS_ASYM_ENDPOINT: 'localhost:1' };
    expect(options({ vpc: true }, env)).not.toHaveProperty('endpoint');
    expect(options({ vpc: true }, env)).toMatchObject({ vpc: true, region: 'cn-beijing' });
    expect(options({}, env)).toMatchObject({ vpc: false, endpoint: 'localhost:1' });
  });

  it.each([
    [
      'of a profile named by flag, before the environment',
      { profile: 'inside' },
      { ALIBABA_CLOUD_ENDPOINT_TYPE: 'x' },
      true,
    ],
    [
      'of the environment, where that profile has none',
      { profile: 'main' },
      { ALIBABA_CLOUD_ENDPOINT_TYPE: 'vpc' },
      true,
    ],
    ['of the environment, before the current profile', {}, { ALIBABACLOUD_ENDPOINT_TYPE: 'vpc' }, true],
    ['of the current profile', {}, { ALIBABA_CLOUD_PROFILE: 'inside' }, true],
    [
      'of no profile, where its region is none that counts',
      { region: 'us-east-1' },
      { ALIBABA_CLOUD_PROFILE: 'inside' },
      false,
    ],
    ['of no profile, where an endpoint is given', { endpoint: 'localhost:1', profile: 'inside' }, {}, false],
    ['of none, where none says so', {}, {}, false],
  ])('is of the type %s', (_which, flags, env, vpc) => {
    expect(clientOptions({ ...SERVICE_DEFAULTS, ...flags }, environment(env), 'cn-beijing')).toMatchObject({
      vpc,
    });
  });

  it('is not both that of the VPC and another one', () => {
    expect(() => options({ vpc: true, endpoint: 'localhost:1' })).toThrow(
      '--vpc and --endpoint exclude each other',
    );
  });
});
