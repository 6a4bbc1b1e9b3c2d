import { describe, expect, it } from 'vitest';
import {
  endpointOfRegion,
  isLoopbackHost,
  isRegionId,
  parseEndpoint,
  resolveEndpoint,
} from '../../src/kms/endpoint.js';
import { isKnownRegion, KNOWN_REGIONS, similarRegion } from '../../src/kms/regions.js';

describe('regions', () => {
  it('are sorted, well-formed and listed once', () => {
    expect([...new Set(KNOWN_REGIONS)].sort()).toEqual(KNOWN_REGIONS);
    expect(KNOWN_REGIONS.filter((region) => !isRegionId(region))).toEqual([]);
  });

  it('are known or not', () => {
    expect(isKnownRegion('cn-hangzhou')).toBe(true);
    expect(isKnownRegion('cn-hangzou')).toBe(false);
  });

  it.each([
    ['cn-hangzou', 'cn-hangzhou'],
    ['cn-hanghzou', 'cn-hangzhou'],
    ['cn_beijing', 'cn-beijing'],
    ['us-west1', 'us-west-1'],
    ['hangzhou', 'cn-hangzhou'],
    ['Beijing', 'cn-beijing'],
    ['eu-central-1', 'eu-central-1'],
    ['xx-nowhere-1', undefined],
    ['', undefined],
  ])('called %j are taken for %s', (typed, meant) => {
    expect(similarRegion(typed)).toBe(meant);
  });

  it('have an endpoint inside the VPC, too', () => {
    expect(resolveEndpoint({ region: 'cn-shanghai', vpc: true }).host).toBe(
      'kms-vpc.cn-shanghai.aliyuncs.com',
    );
    expect(resolveEndpoint({ region: 'cn-shanghai', endpoint: 'a.example', vpc: true }).host).toBe(
      'a.example',
    );
  });

  it('have a public endpoint, known or not', () => {
    expect(endpointOfRegion('cn-shanghai')).toEqual({
      protocol: 'https:',
      host: 'kms.cn-shanghai.aliyuncs.com',
      origin: 'https://kms.cn-shanghai.aliyuncs.com',
    });
    expect(endpointOfRegion('xx-new-7').host).toBe('kms.xx-new-7.aliyuncs.com');
  });

  it.each([
    '',
    'cn',
    'CN-hangzhou',
    'cn-hangzhou.evil.example',
    'cn-hang/zhou',
    'cn--x',
    'cn-',
    `cn-${'x'.repeat(60)}`,
  ])('named %j are refused', (region) => {
    expect(() => endpointOfRegion(region)).toThrow(
      expect.objectContaining({ code: 'configuration' }) as Error,
    );
  });
});

describe('endpoint', () => {
  it.each([
    ['kms.cn-hangzhou.aliyuncs.com', 'https://kms.cn-hangzhou.aliyuncs.com'],
    ['KMS.example.com:8443', 'https://kms.example.com:8443'],
    ['https://kms.example.com:443/', 'https://kms.example.com'],
    ['HTTPS://kms.example.com', 'https://kms.example.com'],
    ['127.0.0.1:8080', 'https://127.0.0.1:8080'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.9.8.7', 'http://127.9.8.7'],
    ['http://127.1:80', 'http://127.0.0.1'],
    ['http://localhost:1', 'http://localhost:1'],
    ['http://[::1]:9', 'http://[::1]:9'],
    ['http://[0:0:0:0:0:0:0:1]:9', 'http://[::1]:9'],
    ['[2001:db8::1]:9', 'https://[2001:db8::1]:9'],
  ])('%s is %s', (text, origin) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint.origin).toBe(origin);
    expect(`${endpoint.protocol}//${endpoint.host}`).toBe(origin);
  });

  it.each([
    '',
    'https://',
    'ftp://kms.example.com',
    'https://kms.example.com/path',
    'https://kms.example.com?x=1',
    'https://kms.example.com#x',
    'https://user@kms.example.com',
    'http://127.0.0.1@evil.example',
    'https://user:pw@kms.example.com',
    'https://kms.example.com\\x',
    'https://kms.exa mple.com',
    'kms.example.com\n',
    'https://kms.example.com:99999',
    'https://kms.example.com:0',
    '::1',
    'https:/kms.example.com',
    'https://https://kms.example.com',
  ])('%j is refused', (text) => {
    expect(() => parseEndpoint(text)).toThrow(
      expect.objectContaining({
        code: 'configuration',
        hints: [expect.stringContaining('https://host:port')],
      }) as Error,
    );
  });

  it.each([
    'http://kms.cn-hangzhou.aliyuncs.com',
    'http://127.0.0.1.evil.example:80',
    'http://10.0.0.1',
    'http://128.0.0.1',
    'http://0.0.0.0',
    'http://localhost.evil.example',
    'http://[::ffff:127.0.0.1]',
    'http://[::2]',
  ])('%s is refused: plain http leaves this machine', (text) => {
    expect(() => parseEndpoint(text)).toThrow(/^plain http to ".*" is refused$/);
  });

  it('of a host that is loopback is recognised in its normal form only', () => {
    expect(['localhost', '[::1]', '127.0.0.1'].map(isLoopbackHost)).toEqual([true, true, true]);
    expect(['LOCALHOST', '::1', '1127.0.0.1'].map(isLoopbackHost)).toEqual([false, false, false]);
  });

  it('given wins over a region, and one of them is needed', () => {
    expect(resolveEndpoint({ region: 'cn-beijing', endpoint: 'kms.example.com' }).host).toBe(
      'kms.example.com',
    );
    expect(resolveEndpoint({ region: 'cn-beijing' }).host).toBe('kms.cn-beijing.aliyuncs.com');
    expect(() => resolveEndpoint({})).toThrow('neither a region nor an endpoint is given');
  });
});
