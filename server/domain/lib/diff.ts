/** What a change asks for, without what it does not mention. */
export function withoutAbsent<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>
}

/** @returns those of the fields that are not so already */
export function differing<Row extends object>(before: Row, fields: Partial<Row>): Partial<Row> {
  const keys = (Object.keys(fields) as (keyof Row)[]).filter(
    key => fields[key] !== undefined && !isSame(before[key], fields[key]),
  )
  return Object.fromEntries(keys.map(key => [key, fields[key]])) as Partial<Row>
}

/** The same for the record: each field with what it was and what it is. */
export function changesOf<Row extends object>(
  before: Row,
  after: Partial<Row>,
): Record<string, { from: unknown; to: unknown }> {
  return Object.fromEntries(
    (Object.entries(differing(before, after)) as [string & keyof Row, unknown][]).map(([key, to]) => [
      key,
      { from: before[key], to },
    ]),
  )
}

// Lists and moments too.
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
