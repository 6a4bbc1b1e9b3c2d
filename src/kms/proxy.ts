/**
 * Which proxy a connection goes through, by `HTTPS_PROXY` and `NO_PROXY` (as curl and Go read them). Plain http exists
 * towards this machine only and this machine is never reached through a proxy, so there is one kind: CONNECT.
 *
 * Invariant: no error repeats the address of a proxy as it was given, which may hold a password.
 */

import { BlockList, isIP } from 'node:net';
import { KmsAsymError } from '../errors.js';
import { isLoopbackHost } from './endpoint.js';
import { firstSet } from './environment.js';

/** A proxy to tunnel through. */
export interface Proxy {
  /** With the credentials, if there are any. */
  readonly url: URL;
  /** `host:port`, for messages. */
  readonly name: string;
  readonly hasCredentials: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The proxy on the way to `target`; `undefined` for the direct way.
 * Throws `configuration` for an address that is none.
 */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): Proxy | undefined {
  if (target.protocol !== 'https:' || isLoopbackHost(target.hostname)) return undefined;
  const address = firstSet(env, 'HTTPS_PROXY', 'https_proxy');
  if (address === undefined || bypasses(firstSet(env, 'NO_PROXY', 'no_proxy') ?? '', target))
    return undefined;
  return parseProxy(address);
}

function parseProxy(address: string): Proxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const url = parseUrl(text);
  const defaultPort = DEFAULT_PORTS[url?.protocol ?? ''];
  if (url === undefined || defaultPort === undefined || url.hostname === '' || !isDecodable(url)) {
    throw new KmsAsymError('configuration', 'HTTPS_PROXY is not the address of an HTTP proxy', {
      hints: [
        'write http://host:port, or http://USER:PASSWORD@host:port with %40 for "@" and %25 for "%"',
        'unset HTTPS_PROXY to connect without a proxy',
      ],
    });
  }
  const name = `${url.hostname}:${url.port || defaultPort}`;
  return { url, name, hasCredentials: url.username !== '' || url.password !== '' };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** `list` is what NO_PROXY holds: names (with everything below them), addresses, networks, each with a port or without. */
function bypasses(list: string, target: URL): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const port = target.port || '443';
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const { name, onlyPort } = splitPort(entry.toLowerCase());
    if (name === '' || (onlyPort !== undefined && onlyPort !== port)) return false;
    return isIP(host) === 0 ? isBelow(host, name) : contains(name, host);
  });
}

function splitPort(entry: string): { name: string; onlyPort: string | undefined } {
  // An IPv6 address without brackets has no port.
  if (isIP(entry.split('/', 1).join()) === 6) return { name: entry, onlyPort: undefined };
  const [suffix, onlyPort] = /:(\d+)$/.exec(entry) ?? [''];
  return { name: entry.slice(0, entry.length - suffix.length).replace(/^\[|\]$/g, ''), onlyPort };
}

function isBelow(host: string, name: string): boolean {
  const domain = name.replace(/^\*?\./, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function contains(network: string, address: string): boolean {
  const [base = '', bits] = network.split('/');
  const family = isIP(base);
  if (family === 0 || family !== isIP(address)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  if (bits === undefined) list.addAddress(base, type);
  else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)) {
    list.addSubnet(base, Number(bits), type);
  }
  return list.check(address, type);
}
