/** What crosses the border between the HTTP adapter and the handler: requests and answers without a socket. */

/** One HTTP request, whole. */
export interface WireRequest {
  readonly method: string;
  /** Request target as received: path, `?`, query; or the absolute form that proxies get. */
  readonly target: string;
  /** By lower-case name; repeated headers joined by a comma without a space, as the V3 signature wants them. */
  readonly headers: ReadonlyMap<string, string>;
  /** After transfer decoding. */
  readonly body: Uint8Array;
}

/** One HTTP answer, whole. */
export interface WireAnswer {
  readonly status: number;
  /** The one in the body. */
  readonly requestId: string;
  /** By lower-case name, `content-length` included. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, never empty. */
  readonly body: string;
}
