/** Works on so many items at once. Rejects with the first rejection, when nothing is under way any more. */
export async function together<T>(
  limit: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue: Iterator<T, unknown> = items[Symbol.iterator]();
  const rejections: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && rejections.length === 0; next = queue.next()) {
      await work(next.value).catch((error: unknown) => rejections.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (rejections.length > 0) throw rejections[0];
}
