/**
 * PKCS#11 URIs (RFC 7512): which module, which token, which PIN. Parsing is strict: an attribute that is unknown,
 * repeated or in the wrong half is an error, never ignored, because it would choose another token than was meant.
 * `x-init-args` is this project's vendor attribute: the reserved string that NSS wants from C_Initialize.
 */
import { KmsAsymError } from '../../errors.js';

/** What a URI says. Token attributes are compared whole, without their padding. */
export interface Pkcs11Uri {
  /** Absolute path of the module. */
  readonly modulePath?: string;
  /** Name of a module in the usual directories, without `lib` and extension. */
  readonly moduleName?: string;
  readonly token?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly serial?: string;
  /** The user PIN itself. */
  readonly pinValue?: string;
  /** Absolute path of the file that holds the user PIN. */
  readonly pinSource?: string;
  readonly initArgs?: string;
}

type Field = keyof Pkcs11Uri;

const PATH_FIELDS: Record<string, Field> = {
  token: 'token',
  manufacturer: 'manufacturer',
  model: 'model',
  serial: 'serial',
};

const QUERY_FIELDS: Record<string, Field> = {
  'module-path': 'modulePath',
  'module-name': 'moduleName',
  'pin-value': 'pinValue',
  'pin-source': 'pinSource',
  'x-init-args': 'initArgs',
};

// RFC 7512, section 2.3: pk11-pchar (which '&' joins in the path) and pk11-qchar.
const PATH_VALUE = /^(?:[\w\-.~:[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*$/;
const QUERY_VALUE = /^(?:[\w\-.~:[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})*$/;

/** Parses a `pkcs11:` URI. `KmsAsymError` `usage` that never repeats a value, as it may be a PIN. */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  if (!uri.startsWith('pkcs11:')) throw uriError('it does not start with "pkcs11:"');
  const [path = '', ...queries] = uri.slice('pkcs11:'.length).split('?');
  const fields: Partial<Record<Field, string>> = {};
  readAttributes(fields, path, ';', PATH_FIELDS, PATH_VALUE);
  readAttributes(fields, queries.join('?'), '&', QUERY_FIELDS, QUERY_VALUE);
  if ((fields.modulePath === undefined) === (fields.moduleName === undefined)) {
    throw uriError('it needs one of "module-path" and "module-name"', [
      "write for example 'pkcs11:token=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/path/to/pin'",
    ]);
  }
  if (fields.pinValue !== undefined && fields.pinSource !== undefined) {
    throw uriError('"pin-value" and "pin-source" exclude each other');
  }
  if (fields.modulePath?.startsWith('/') === false) {
    throw uriError('"module-path" is not an absolute path', ['"module-name" takes the name of a library']);
  }
  if (fields.moduleName !== undefined && !/^[\w.+-]+$/.test(fields.moduleName)) {
    throw uriError('"module-name" is not a plain name', ['use module-path for a path']);
  }
  if (fields.pinSource !== undefined) fields.pinSource = pinFile(fields.pinSource);
  return fields;
}

function readAttributes(
  fields: Partial<Record<Field, string>>,
  text: string,
  separator: string,
  known: Record<string, Field>,
  allowed: RegExp,
): void {
  if (text === '') return;
  for (const attribute of text.split(separator)) {
    const equals = attribute.indexOf('=');
    if (equals < 1) throw uriError('it has an attribute without a name or "="');
    const name = attribute.slice(0, equals);
    const field = Object.hasOwn(known, name) ? known[name] : undefined;
    if (field === undefined) throw unknownAttribute(name, separator);
    if (fields[field] !== undefined) throw uriError(`it repeats "${name}"`);
    fields[field] = decodeValue(name, attribute.slice(equals + 1), allowed);
  }
}

function decodeValue(name: string, value: string, allowed: RegExp): string {
  if (!allowed.test(value)) {
    throw uriError(`the value of "${name}" has a character that must be percent-encoded`, [
      'write a space as %20, "%" as %25, ";" as %3B, "&" as %26, "#" as %23',
    ]);
  }
  try {
    const text = decodeURIComponent(value);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8: the same answer as for a NUL.
  }
  throw uriError(`the value of "${name}" is not text`);
}

function pinFile(source: string): string {
  const path = source.replace(/^file:(?:\/\/)?/, '');
  if (path.startsWith('/')) return path;
  throw uriError('"pin-source" is not an absolute path', ['commands ("|…") are not supported']);
}

function unknownAttribute(name: string, separator: string): KmsAsymError {
  const shown = /^[\w-]{1,40}$/.test(name) ? `"${name}"` : 'one';
  if (separator === ';' && Object.hasOwn(QUERY_FIELDS, name)) {
    return uriError(`the attribute ${shown} stands before the "?"`, [
      'write it after the "?", joined by "&"',
    ]);
  }
  if (separator === '&' && Object.hasOwn(PATH_FIELDS, name)) {
    return uriError(`the attribute ${shown} stands after the "?"`, [
      'write it before the "?", joined by ";"',
    ]);
  }
  return uriError(`the attribute ${shown} is not supported here`, [
    `supported: ${Object.keys(PATH_FIELDS).join(', ')}; after the "?": ${Object.keys(QUERY_FIELDS).join(', ')}`,
  ]);
}

function uriError(reason: string, hints: readonly string[] = []): KmsAsymError {
  return new KmsAsymError('usage', `bad PKCS#11 URI: ${reason}`, { hints });
}
