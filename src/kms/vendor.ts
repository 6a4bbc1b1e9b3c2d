/**
 * The default exports of the vendor's CommonJS packages. Node hands an ES module the whole `module.exports` as
 * the default, some loaders already its `default` member; this is the one place that knows.
 */

import * as openApi from '@alicloud/openapi-client';
import * as openApiUtil from '@alicloud/openapi-util';

function defaultOf<T>(exported: T | { readonly default: T }): T {
  return (exported as { readonly default?: T }).default ?? (exported as T);
}

/** Client of the vendor's OpenAPI core, to be extended. */
export const OpenApiClient = defaultOf(openApi.default);
/** Canonical requests, hashes and signatures. */
export const OpenApiUtil = defaultOf(openApiUtil.default);
