/** Work on many items, so many at once. */

/** What waits for the disk at the end of its work, while others go on in its place: so many times those at work. */
const ENDING_SHARE = 4;

/**
 * Works on items, `limit` of them at once. An item whose work calls `free` makes room for the next one before it is done:
 * what is left to do for it, such as waiting for the disk, is done beside. Rejects with the first rejection, when nothing is
 * under way any more.
 */
export async function together<T>(
  limit: number,
  items: Iterable<T>,
  work: (item: T, free: () => void) => Promise<void>,
): Promise<void> {
  const queue: Iterator<T, unknown> = items[Symbol.iterator]();
  const rejections: unknown[] = [];
  const giveUp = (error: unknown): void => void rejections.push(error);
  const underWay = new Set<Promise<void>>();
  // One at a time is one after the other.
  const most = limit === 1 ? 0 : limit * ENDING_SHARE;
  const begin = (item: T): Promise<void> =>
    new Promise((resolve) => {
      const free = (): void => {
        if (underWay.size < most) resolve();
      };
      const own = work(item, free)
        .catch(giveUp)
        .finally(() => {
          underWay.delete(own);
          resolve();
        });
      underWay.add(own);
    });
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && rejections.length === 0; next = queue.next()) {
      await begin(next.value);
    }
  };
  await Promise.all(Array.from({ length: limit }, () => worker().catch(giveUp)));
  await Promise.all(underWay);
  if (rejections.length > 0) throw rejections[0];
}
