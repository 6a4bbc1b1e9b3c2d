/** PageNumber and PageSize of the actions that list things. */
import type { Parameters } from './parameters.js';

/** One page of a list, and where it stands in it. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Members of the response. */
  readonly position: { readonly PageNumber: number; readonly PageSize: number; readonly TotalCount: number };
}

/** Cuts the page that was asked for; past the end it is empty. Throws `Refusal` `InvalidParameter`. */
export function pageOf<T>(parameters: Parameters, items: readonly T[]): Page<T> {
  const pageNumber = parameters.integer('PageNumber', { min: 1, max: 2 ** 31 - 1, fallback: 1 });
  const pageSize = parameters.integer('PageSize', { min: 1, max: 100, fallback: 10 });
  const start = (pageNumber - 1) * pageSize;
  return {
    items: items.slice(start, start + pageSize),
    position: { PageNumber: pageNumber, PageSize: pageSize, TotalCount: items.length },
  };
}
