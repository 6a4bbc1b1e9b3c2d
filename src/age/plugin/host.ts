/** What the state machines are given from outside: everything that knows a network or a person. */
import type { KeyLocator } from '../../crypto/key-locator.js';
import type { Unwrap } from '../kms-identity.js';
import type { Recipient } from '../recipient.js';

/** The outside of a plugin. */
export interface PluginHost {
  /**
   * Finds the key that an identity names, to encrypt to it; asks the key service.
   *
   * @param locator - as the identity has it, possibly empty
   * @throws KmsAsymError when there is no such key, or not just one
   */
  readonly recipientOf: (locator: KeyLocator) => Promise<Recipient>;
  /**
   * What opens stanzas through the key service. Nothing is loaded or asked before the first stanza.
   *
   * @param identities - at least one; what they say is what somebody trusted says
   */
  readonly unwrapFor: (identities: readonly KeyLocator[]) => Unwrap;
  /** Anything that was thrown, as the person at the client should read it: lines without control characters. */
  readonly explain: (error: unknown) => string;
}
