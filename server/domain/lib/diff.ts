/** The fields of a change, without those that it does not contain. */
export function withoutAbsent<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>
}

/** @returns the fields whose value differs */
export function differing<Row extends object>(before: Row, fields: Partial<Row>): Partial<Row> {
  const keys = (Object.keys(fields) as (keyof Row)[]).filter(
    key => fields[key] !== undefined && !isSame(before[key], fields[key]),
  )
  return Object.fromEntries(keys.map(key => [key, fields[key]])) as Partial<Row>
}

/** The same for the audit log: each field with its old and new value. */
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

// Compares lists and dates too.
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
