/** Percent-encoding of the service's signatures: RFC 3986 unreserved characters stay, all else is UTF-8 in `%XX`. */

/** Encodes a decoded name or value. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** `name=value&…`, sorted by name, both sides encoded. */
export function canonicalForm(form: ReadonlyMap<string, string>): string {
  return [...form]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}
