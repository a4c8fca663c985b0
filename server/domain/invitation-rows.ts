import { parse } from 'csv-parse/sync'
import { sql } from 'drizzle-orm'
import type { FieldErrors } from '../../shared/errors.ts'
import { ApiError, invalid } from '../../shared/errors.ts'
import { invitationRowsLimit, invitationSchema } from '../../shared/schemas/invitation.ts'
import { validate } from '../../shared/schemas/validate.ts'
import type { TenantRealm } from '../database/realms.ts'
import type { App, Origin } from './app.ts'
import type { AuthRealm } from './auth-realm.ts'
import type { InvitationRow } from './invitations.ts'
import { inviteOnce } from './invitations.ts'

/** What became of one of many. */
export interface RowResult {
  /** From 1; in a CSV text the line of names does not count. */
  row: number
  email: string | null
  status: 'invited' | 'already_invited' | 'failed'
  invitation: InvitationRow | null
  errors: FieldErrors | null
}

/**
 * Invites many, each by herself: one that is wrong holds nobody up, and the same list sent twice changes nothing.
 * @throws ApiError 503
 */
export async function inviteMany(app: App, authRealm: AuthRealm<TenantRealm>, rows: unknown[], origin: Origin): Promise<RowResult[]> {
  const results: RowResult[] = []
  for (const [i, input] of rows.entries()) results.push(await inviteRow(app, authRealm, i + 1, input, origin))
  return results
}

async function inviteRow(app: App, authRealm: AuthRealm<TenantRealm>, row: number, input: unknown, origin: Origin): Promise<RowResult> {
  const sent = (input as { email?: unknown } | null)?.email
  const email = typeof sent === 'string' ? sent : null
  try {
    const { invited, isNew } = await inviteOnce(app, authRealm, validate(invitationSchema, input), origin)
    return { row, email: invited.email, status: isNew ? 'invited' : 'already_invited', invitation: invited, errors: null }
  }
  catch (error) {
    if (!(error instanceof ApiError) || error.status === 503) throw error
    const errors = error.status === 400 ? error.body as FieldErrors : { non_field_errors: [String(error.body.detail)] }
    return { row, email, status: 'failed', invitation: null, errors }
  }
}

/**
 * Reads a CSV text whose first line names its columns; a department by its name.
 * @throws ApiError 400 on `csv` where it is no such text
 */
export async function readInvitationRows({ db, tables: { departments } }: TenantRealm, csv: string): Promise<unknown[]> {
  const rows = parseCsv(csv)
  if (rows.length > 0 && !('email' in rows[0]!)) throw invalid({ csv: ['The first line must name a column email.'] })
  if (rows.length > invitationRowsLimit) throw invalid({ csv: [`Ensure this field has no more than ${invitationRowsLimit} rows.`] })
  const known = await db.select({ id: departments.id, name: sql<string>`lower(${departments.name})` }).from(departments)
  const ids = new Map(known.map(({ id, name }) => [name, id]))
  return rows.map(({ email, role, department }) => ({
    email,
    ...role ? { role: role[0]!.toUpperCase() + role.slice(1).toLowerCase() } : {},
    ...department ? { department: ids.get(department.toLowerCase()) ?? department } : {},
  }))
}

function parseCsv(csv: string): Record<string, string>[] {
  try {
    return parse(csv, { bom: true, columns: (names: string[]) => names.map(name => name.toLowerCase()), trim: true, skip_empty_lines: true, relax_column_count: true, delimiter: [',', ';', '\t'] }) as Record<string, string>[]
  }
  catch {
    throw invalid({ csv: ['This is not a CSV text.'] })
  }
}
