/** Runs `work` for each item, at most `width` at a time; results in the items' order. The first failure ends it. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as Item, index);
    }
  };
  const stop = () => {
    next = items.length;
  };
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, () =>
      worker().catch((error) => {
        stop();
        throw error;
      }),
    ),
  );
  return results;
}
