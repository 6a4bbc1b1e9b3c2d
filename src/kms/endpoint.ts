/**
 * Where the service lives: the region rule of the KMS endpoint list and the spelling of `--endpoint`. Imports
 * nothing but the error class, so that commands can check their flags without loading the SDK.
 *
 * Invariant: a parsed endpoint is a bare origin, and plain http exists only towards this machine.
 */

import { KmsAsymError } from '../errors.js';
import { similarRegion } from './regions.js';

const REGION_ID = /^[a-z]{2}(?:-[a-z0-9]+)+$/;
const MAX_REGION_CHARS = 50;
const IPV4_LOOPBACK = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** A checked endpoint. */
export interface Endpoint {
  readonly protocol: 'https:' | 'http:';
  /** `host` or `host:port` as the `Host` header carries it; the port is absent when it is the protocol's own. */
  readonly host: string;
  /** `https://host[:port]`. */
  readonly origin: string;
}

/** True when `region` has the alphabet and shape of a region id; says nothing about its existence. */
export function isRegionId(region: string): boolean {
  return region.length <= MAX_REGION_CHARS && REGION_ID.test(region);
}

/** What decides where the service is. */
export interface EndpointChoice {
  readonly region?: string;
  readonly endpoint?: string;
  /** The region's endpoint inside the cloud's own network in place of the public one. */
  readonly vpc?: boolean;
}

/**
 * The endpoint of a client: `endpoint` wins, otherwise one of the region.
 * Throws `configuration` when both are missing or the one that counts is malformed.
 */
export function resolveEndpoint({ endpoint, region, vpc }: EndpointChoice): Endpoint {
  if (endpoint !== undefined) return parseEndpoint(endpoint);
  if (region !== undefined) return endpointOfRegion(region, vpc);
  throw new KmsAsymError('configuration', 'neither a region nor an endpoint is given', {
    hints: [
      'say where your key is: --region cn-hangzhou, ALIBABA_CLOUD_REGION_ID=cn-hangzhou, or the region of an aliyun CLI profile',
    ],
  });
}

/**
 * The endpoint of `region`: `kms.<region>.aliyuncs.com`, or `kms-vpc.…` from inside a VPC; throws `configuration` for a
 * malformed id.
 */
export function endpointOfRegion(region: string, vpc = false): Endpoint {
  if (!isRegionId(region)) {
    const similar = similarRegion(region);
    throw new KmsAsymError('configuration', `${JSON.stringify(region)} is not a region id`, {
      hints: [
        similar === undefined
          ? 'region ids look like "cn-hangzhou" or "ap-southeast-1"'
          : `did you mean "${similar}"?`,
      ],
    });
  }
  return endpointOf(new URL(`https://${vpc ? 'kms-vpc' : 'kms'}.${region}.aliyuncs.com`));
}

/**
 * Reads `host[:port]`, `https://host[:port]` or, towards loopback only, `http://host[:port]`.
 * Throws `configuration` for anything more or less than that.
 */
export function parseEndpoint(text: string): Endpoint {
  if (text.includes('@')) {
    // Not repeated in the message: what stands before the "@" may be a password.
    throw new KmsAsymError('configuration', 'the endpoint has a user name or password in it', {
      hints: ['requests are signed with the access key; write the endpoint as "https://host:port"'],
    });
  }
  const [prefix, scheme = 'https'] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text) ?? [''];
  const rest = text.slice(prefix.length);
  const protocol = `${scheme.toLowerCase()}:`;
  if (protocol !== 'https:' && protocol !== 'http:') throw malformed(text, 'its scheme is not https');
  // URL would silently drop white space and take "\" for "/"; nothing of that kind is in a host name.
  if (!/^[A-Za-z0-9.:[\]_-]+\/?$/.test(rest)) throw malformed(text, 'it is more than a host and a port');
  const url = parseUrl(`${protocol}//${rest}`);
  if (url === undefined || url.port === '0') throw malformed(text, 'its host or port is not valid');
  if (protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new KmsAsymError('configuration', `plain http to ${JSON.stringify(text)} is refused`, {
      hints: [`use "https://${url.host}"; plain http is for loopback addresses only`],
    });
  }
  return endpointOf(url);
}

/** True for `localhost`, 127.0.0.0/8 and `[::1]`, in the normal form that `URL` gives a host name. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || IPV4_LOOPBACK.test(hostname);
}

function endpointOf(url: URL): Endpoint {
  return { protocol: url.protocol === 'http:' ? 'http:' : 'https:', host: url.host, origin: url.origin };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function malformed(text: string, why: string): KmsAsymError {
  return new KmsAsymError('configuration', `${JSON.stringify(text)} is not an endpoint: ${why}`, {
    hints: [
      'write "kms.cn-hangzhou.aliyuncs.com", "https://host:port" or, on this machine, "http://127.0.0.1:port"',
    ],
  });
}
