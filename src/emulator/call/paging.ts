/** PageNumber and PageSize of the actions that list things. */
import type { Parameters } from './parameters.js';

/** One page of a list, and where it stands in it. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Members of the response. */
  readonly position: { readonly PageNumber: number; readonly PageSize: number; readonly TotalCount: number };
}

/**
 * Reads which page is wanted, and returns what cuts it; past the end it is empty. Throws `Refusal`
 * `InvalidParameter`: the documentation prints sizes from 0 to 101 as open ends, so 1 to 100 are accepted.
 */
export function readPaging(parameters: Parameters): <T>(items: readonly T[]) => Page<T> {
  const pageNumber = parameters.integer('PageNumber', { min: 1, max: 2 ** 31 - 1, fallback: 1 });
  const pageSize = parameters.integer('PageSize', { min: 1, max: 100, fallback: 10 });
  const start = (pageNumber - 1) * pageSize;
  return (items) => ({
    items: items.slice(start, start + pageSize),
    position: { PageNumber: pageNumber, PageSize: pageSize, TotalCount: items.length },
  });
}
