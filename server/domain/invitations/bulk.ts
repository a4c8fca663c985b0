import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { readCsv } from '#server/domain/lib/csv.ts'
import { isOfOne } from '#server/domain/lib/errors.ts'
import type { invitationResultAnswer } from '#shared/answers/invitations.ts'
import type { ApiError, FieldErrors } from '#shared/errors.ts'
import { invalid } from '#shared/errors.ts'
import { cleanIdentifier, noSuchObject } from '#shared/schemas/fields.ts'
import { invitationRowsLimit, invitationSchema } from '#shared/schemas/invitations.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { InvitationRow } from './invitations.ts'
import type { NewInvitation } from './invite.ts'
import { inviteOnce, requireInvitable } from './invite.ts'

/** One row of a bulk invitation, as received. */
interface Row {
  /** Starts at 1; for a CSV text it is the row number in a spreadsheet. */
  row: number
  input: unknown
  /** Errors that are found without the database. */
  errors?: FieldErrors
}

/** The result of one row. */
type RowResult = z.input<typeof invitationResultAnswer>

type Invite = (input: NewInvitation) => Promise<{ invited: InvitationRow | undefined; isNew: boolean }>

/**
 * Invites many people, each independently: an invalid row does not stop the others, and sending the same list twice
 * changes nothing.
 * @param options.dryRun reports the result of each row and changes nothing
 * @throws ApiError 503
 */
export async function inviteMany(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  rows: Row[],
  { dryRun }: { dryRun: boolean },
  audit: AuditContext,
): Promise<RowResult[]> {
  const invite: Invite = dryRun ? rehearsal(authRealm) : input => inviteOnce(app, authRealm, input, audit)
  const results: RowResult[] = []
  const rest = app.pacer.begin()
  for (const row of rows) {
    results.push(await inviteRow(invite, row))
    await rest()
  }
  return results
}

// An address that occurs twice in the list has been invited by then.
function rehearsal({ realm, recheck }: AuthRealm<TenantRealm>): Invite {
  const { departments } = realm.tables
  const seen = new Set<string>()
  return async ({ email, department }) => {
    await recheck?.(realm.db)
    const invited = await requireInvitable(realm, email)
    if (department && (await realm.db.$count(departments, eq(departments.id, department))) === 0)
      throw invalid({ department: [noSuchObject(department)] })
    const isNew = !invited && !seen.has(email)
    seen.add(email)
    return { invited, isNew }
  }
}

async function inviteRow(invite: Invite, { row, input, errors }: Row): Promise<RowResult> {
  const sent = (input as { email?: unknown } | null)?.email
  const email = typeof sent === 'string' ? sent : null
  if (errors) return { row, email, status: 'failed', invitation: null, errors }
  try {
    const wanted = validate(invitationSchema, input)
    const { invited = null, isNew } = await invite(wanted)
    const status = isNew ? 'invited' : 'already_invited'
    return { row, email: wanted.email, status, invitation: invited, errors: null }
  } catch (error) {
    if (!isOfOne(error)) throw error
    return { row, email, status: 'failed', invitation: null, errors: errorsOf(error) }
  }
}

function errorsOf({ status, body }: ApiError): FieldErrors {
  return status === 400 ? (body as FieldErrors) : { non_field_errors: [String(body.detail)] }
}

/**
 * Reads a CSV text whose first line names its columns; departments are given by name.
 * @throws ApiError 400 on `csv` if it is not valid
 */
export async function readInvitationRows({ db, tables: { departments } }: TenantRealm, csv: string): Promise<Row[]> {
  const rows = await parseCsv(csv)
  if (rows.length > 0 && !('email' in rows[0]!.record))
    throw invalid({ csv: ['The first line must name a column email.'] })
  if (rows.length > invitationRowsLimit)
    throw invalid({ csv: [`Ensure this field has no more than ${invitationRowsLimit} rows.`] })
  const known = await db.select({ id: departments.id, name: sql<string>`lower(${departments.name})` }).from(departments)
  const ids = new Map(known.map(({ id, name }) => [name, id]))
  return rows.map(({ record: { email, role, department }, line }) => {
    const id = ids.get(department?.toLowerCase() ?? '')
    const input = {
      email,
      ...(role ? { role: role[0]!.toUpperCase() + role.slice(1).toLowerCase() } : {}),
      ...(id ? { department: id } : {}),
    }
    return {
      row: line,
      input,
      ...(department && !id ? { errors: { department: [`There is no department "${department}".`] } } : {}),
    }
  })
}

async function parseCsv(csv: string): Promise<{ record: Record<string, string>; line: number }[]> {
  const rows = await readCsv(csv, { delimiters: [',', ';', '\t'], skipEmptyLines: true }).catch(() => {
    throw invalid({ csv: ['This is not a CSV text.'] })
  })
  const [names = [], ...records] = rows.map(({ cells }) => cells.map(cleanIdentifier))
  return records.map((cells, at) => ({
    record: Object.fromEntries(names.slice(0, cells.length).map((name, i) => [name.toLowerCase(), cells[i]!])),
    line: rows[at + 1]!.line,
  }))
}
