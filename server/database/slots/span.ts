import type { NewSpan } from '#server/tracing/spans.ts'

/** Of the slot that runs a statement. */
interface Holder {
  realm: string
  work: string
  /** Milliseconds. */
  waited: number
}

/** What a trace says of a statement: its text, in which parameters are numbers, and no other value. */
export function spanOfStatement(holder: Holder | undefined, text: string): NewSpan {
  const verb = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? 'script'
  const table = /\b(?:from|into|update)\s+(?:"\w+"|\w+)\."?(\w+)"?/i.exec(text)?.[1]
  return {
    name: table ? `${verb} ${table}` : verb,
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      'db.namespace': holder?.realm,
      'db.operation.name': verb,
      'db.collection.name': table,
      'db.query.text': withoutValues(text),
      // A statement of a transaction has its slot already.
      'tenantry.slot.wait_ms': holder?.work === 'statement' ? holder.waited : undefined,
    },
  }
}

export function spanOfTransaction(realm: string, waited: number): NewSpan {
  return { name: 'transaction', attributes: { 'db.namespace': realm, 'tenantry.slot.wait_ms': waited } }
}

function withoutValues(text: string): string {
  return text.includes("'") ? text.replaceAll(/'(?:[^']|'')*'/g, '?') : text
}
