/** Lists that the service gives in pages: all of them, each item once. */
import { Fields } from './fields.js';
import type { Loose } from './outputs.js';

/** Largest page of every list of the service. */
export const PAGE_SIZE = 100;

/** One page as the vendor's models have it, its members unchecked. */
interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly totalCount: number | undefined;
}

/** How one list is read. */
export interface List<T, U> {
  readonly action: string;
  /** The member of the answer that holds the items. */
  readonly member: string;
  /** Far more than any account has; keeps a broken service from looping us. */
  readonly maxPages: number;
  readonly fetch: (pageNumber: number) => Promise<Page<T>>;
  /** Checks one item. */
  readonly read: (item: Loose<T>, fields: Fields) => U;
  /** Tells items apart: where something was made or deleted meanwhile, one stands on two pages. */
  readonly idOf: (item: U) => string;
}

/** Every item of the list, in the order of the service. */
export async function allPages<T, U>(list: List<T, U>): Promise<U[]> {
  const { action, member, maxPages, fetch, read, idOf } = list;
  const fields = new Fields(action);
  const found = new Map<string, U>();
  for (let pageNumber = 1; pageNumber <= maxPages; pageNumber++) {
    const { items, totalCount } = await fetch(pageNumber);
    if (items === undefined) throw fields.invalid(member);
    if (totalCount === undefined || !Number.isSafeInteger(totalCount)) throw fields.invalid('TotalCount');
    for (const item of items) {
      const checked = read(item, fields);
      found.set(idOf(checked), checked);
    }
    if (items.length === 0 || found.size >= totalCount) return [...found.values()];
  }
  throw fields.invalid('TotalCount');
}
