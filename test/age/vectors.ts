/** The test vectors of the C2SP project for age, parsed. */
import { inflateSync } from 'node:zlib';
import * as files from 'cctv-age';

export type Expectation =
  'success' | 'no match' | 'HMAC failure' | 'header failure' | 'payload failure' | 'armor failure';

export interface Vector {
  readonly name: string;
  readonly expect: Expectation;
  /** SHA-256 in hexadecimal of everything that may be released, also when decryption fails. */
  readonly payload: string | undefined;
  readonly identities: readonly string[];
  readonly fileKey: Buffer | undefined;
  readonly armored: boolean;
  readonly file: Buffer;
}

export const VECTORS: readonly Vector[] = Object.entries(files)
  .filter(([name]) => name !== 'default' && name !== 'module.exports')
  .map(([name, bytes]) => parse(name, Buffer.from(bytes)));

function parse(name: string, bytes: Buffer): Vector {
  const end = bytes.indexOf('\n\n');
  const lines = bytes.toString('latin1', 0, end).split('\n');
  const values = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2));
  const body = bytes.subarray(end + 2);
  return {
    name,
    expect: values('expect')[0] as Expectation,
    payload: values('payload')[0],
    identities: values('identity'),
    fileKey: values('file key').map((hex) => Buffer.from(hex, 'hex'))[0],
    armored: values('armored')[0] === 'yes',
    file: values('compressed')[0] === 'zlib' ? inflateSync(body) : body,
  };
}
