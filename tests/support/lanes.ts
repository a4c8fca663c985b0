/** Works on all items, a few at a time. @returns the results, in the order of the items */
export async function inLanes<Item, Result>(
  count: number,
  items: Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const at = next++
      results[at] = await work(items[at]!)
    }
  }
  await Promise.all(Array.from({ length: count }, lane))
  return results
}
