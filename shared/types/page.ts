/** A list, in pages, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export interface Page<Row> {
  count: number
  next: string | null
  previous: string | null
  results: Row[]
}
