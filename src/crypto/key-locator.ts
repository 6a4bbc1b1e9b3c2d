/** Where a key of the service is: region, KeyId and KeyVersionId, as far as they are known. */

/** Which KMS key a public key, a file or a stanza belongs to; what is not known is absent. */
export interface KeyLocator {
  readonly keyId?: string;
  readonly keyVersionId?: string;
  /** Region id, checked for its alphabet only. */
  readonly region?: string;
}

/** The parts in the order in which stanzas and strings have them. */
export const LOCATOR_PARTS = ['region', 'keyId', 'keyVersionId'] as const satisfies (keyof KeyLocator)[];

/** The strict shape of each part; what comes from a file is checked before it is used. */
export const LOCATOR_SHAPES = {
  keyId: /^[A-Za-z0-9][A-Za-z0-9-]{0,127}$/,
  keyVersionId: /^[A-Za-z0-9][A-Za-z0-9-]{0,127}$/,
  region: /^(?=.{1,50}$)[a-z]{2}(-[a-z0-9]+){1,4}$/,
} as const satisfies Record<keyof KeyLocator, RegExp>;

/** The locator of what is known. */
export function locatorOf({
  region,
  keyId,
  keyVersionId,
}: {
  readonly [Part in keyof KeyLocator]: string | undefined;
}): KeyLocator {
  return {
    ...(region !== undefined && { region }),
    ...(keyId !== undefined && { keyId }),
    ...(keyVersionId !== undefined && { keyVersionId }),
  };
}
