/**
 * `--access-key`: credentials on the command line or, since every user of a machine can list processes, in a file.
 *
 * Invariant: no error repeats any part of the value but the id of a well-formed one.
 */
import { KmsAsymError } from '../errors.js';
import type { AccessKey } from '../emulator/signature/access-key.js';
import { readSmallFile } from '../io/input.js';

const MAX_FILE_BYTES = 64 * 1024;
const SHAPE = 'ID:SECRET[:STS[:EXPIRY]]';
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Reads `ID:SECRET[:STS[:EXPIRY]]`, or `@FILE` with one of these on every line that is not empty or a comment (`#`).
 *
 * @throws KmsAsymError `usage`; `file-not-found` or `read-failed` for the file
 */
export function readAccessKeys(value: string): AccessKey[] {
  if (!value.startsWith('@')) return [parse(value, '--access-key')];
  const file = value.slice(1);
  if (file === '') throw new KmsAsymError('usage', '--access-key @ names no file', { hints: ['@FILE'] });
  const lines = readSmallFile(file, MAX_FILE_BYTES, 'file of access keys').toString('utf8').split('\n');
  const keys = lines
    .map((line, index) => ({ text: line.trim(), where: `line ${index + 1} of "${file}"` }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
    .map(({ text, where }) => parse(text, where));
  if (keys.length === 0) throw new KmsAsymError('usage', `"${file}" holds no access key`, { hints: [SHAPE] });
  return keys;
}

function parse(text: string, where: string): AccessKey {
  // Only the expiry may hold colons.
  const [id = '', secret = '', securityToken, ...expiry] = text.split(':');
  const isShort =
    id === '' || secret === '' || securityToken === '' || (expiry.length > 0 && expiry.join(':') === '');
  if (isShort)
    throw new KmsAsymError('usage', `${where} is not an access key`, { hints: [`expected ${SHAPE}`] });
  if (securityToken === undefined) return { id, secret };
  if (expiry.length === 0) return { id, secret, securityToken };
  return { id, secret, securityToken, expiresMs: parseExpiry(expiry.join(':'), where) };
}

function parseExpiry(text: string, where: string): number {
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
  const timeMs = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw new KmsAsymError('usage', `the expiry in ${where} is no time`, {
      hints: ['expected ISO 8601 like 2030-01-31T12:00:00Z, or seconds since 1970'],
    });
  }
  return timeMs;
}
