/** The rows of a list that one page of it shows. */
export interface Window {
  limit: number
  offset: number
}

/** The rows in a window, and how many the whole list has. */
export interface WindowRows<Row> {
  count: number
  rows: Row[]
}

interface Select<Row> {
  limit(rows: number): { offset(rows: number): PromiseLike<Row[]> }
}

/**
 * Reads the rows in a window of a list, and counts the list.
 * @param counted `db.$count(…)`, or where that cannot count a join, a query of one row
 * @param select the query of the rows, with its order
 */
export async function readWindow<Row>(
  counted: PromiseLike<number | { count: number }[]>,
  select: Select<Row>,
  { limit, offset }: Window,
): Promise<WindowRows<Row>> {
  const [count, rows] = await Promise.all([counted, select.limit(limit).offset(offset)])
  return { count: typeof count === 'number' ? count : count[0]!.count, rows }
}
