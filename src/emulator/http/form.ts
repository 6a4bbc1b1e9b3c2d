/**
 * `application/x-www-form-urlencoded`, as it stands in queries and bodies (WHATWG URL, section 5.1), but strict:
 * signatures are checked on decoded values, so a text that decodes in two ways must not be accepted.
 */
import { Refusal } from '../refusal.js';

/** Decoded parameters of one query or body; no name stands twice. */
export type Form = ReadonlyMap<string, string>;

/** More parameters than any action has; sorting more is work for nobody. */
export const MAX_PARAMETERS = 256;

/**
 * Decodes a query (without `?`) or a body.
 * Throws {@link Refusal} for characters that had to be encoded, broken encoding, repeated or too many parameters.
 */
export function parseForm(text: string): Form {
  const form = new Map<string, string>();
  if (!/^[ -~]*$/.test(text)) throw new Refusal('ParseRequestParameterException');
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_PARAMETERS) throw new Refusal('ParseRequestParameterException');
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (form.has(name)) throw repeatedParameter(name);
    form.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return form;
}

/** All parameters of a request. Throws {@link Refusal} when one stands in the query and in the body. */
export function joinForms(query: Form, body: Form): Form {
  if (body.size === 0) return query;
  for (const name of body.keys()) if (query.has(name)) throw repeatedParameter(name);
  return new Map([...query, ...body]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Refusal('ParseRequestParameterException');
  }
}

function repeatedParameter(name: string): Refusal {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return new Refusal('InvalidParameter', `The specified parameter ${shown} is given more than once.`);
}
