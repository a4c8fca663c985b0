/** A page of a list, as the API returns it. */

export interface Page<Row> {
  count: number
  next: string | null
  previous: string | null
  results: Row[]
}
