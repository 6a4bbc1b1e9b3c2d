/** What a signature scheme tells the authenticator. One implementation per version of the service's signature. */
import type { Form } from '../http/form.js';

/** The parts of a request that signatures cover. */
export interface SignedRequest {
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
  /** As received, after transfer decoding. */
  readonly body: Uint8Array;
  /** Parameters of the URL. */
  readonly query: Form;
  /** Parameters of the body; disjoint from `query`. */
  readonly form: Form;
}

/** What a request says about who signed it. Nothing in it is verified yet. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  /** Empty when the request carries none. */
  readonly securityToken: string;
  /** As sent; must be `YYYY-MM-DDThh:mm:ssZ`. */
  readonly timestamp: string;
  readonly nonce: string;
  /** `undefined` when what was sent cannot be a signature of this request. */
  readonly signature: Buffer | undefined;
  readonly stringToSign: string;
  /** The signature that `secret` makes over `stringToSign`. */
  sign(secret: string): Buffer;
}

/** One version of the service's signature. */
export interface SignatureScheme {
  /** The action and version asked for, from the place that this scheme signs; empty when absent. */
  operation(request: SignedRequest): { readonly action: string; readonly version: string };
  /** Throws `Refusal` when the request is not completely signed in this scheme. */
  claim(request: SignedRequest): SignatureClaim;
}
