/** All items of an async iterable, in order. */
export async function collect<Item>(
  items: AsyncIterable<Item> | PromiseLike<AsyncIterable<Item>>,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of await items) all.push(item);
  return all;
}
