import { eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { isOfOne } from '#server/domain/lib/errors.ts'
import type { invitationResultAnswer } from '#shared/answers/invitations.ts'
import type { ApiError, FieldErrors } from '#shared/errors.ts'
import { invalid } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import { invitationSchema } from '#shared/schemas/invitations.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { InvitationRow } from './invitations.ts'
import type { NewInvitation } from './invite.ts'
import { inviteOnce, requireInvitable } from './invite.ts'

/** One row of a bulk invitation, as received. */
export interface BulkRow {
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
  rows: BulkRow[],
  { dryRun }: { dryRun: boolean },
  audit: AuditContext,
): Promise<RowResult[]> {
  const invite: Invite = dryRun ? rehearsal(authRealm) : input => inviteOnce(app, authRealm, input, audit)
  const names = await readDepartmentNames(authRealm.realm)
  const results: RowResult[] = []
  const rest = app.pacer.begin()
  for (const row of rows) {
    results.push(await inviteRow(invite, row, names))
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

async function readDepartmentNames({ db, tables: { departments } }: TenantRealm): Promise<Map<string, string>> {
  const known = await db.select({ id: departments.id, name: departments.name }).from(departments)
  return new Map(known.map(({ id, name }) => [id, name]))
}

async function inviteRow(
  invite: Invite,
  { row, input, errors }: BulkRow,
  names: Map<string, string>,
): Promise<RowResult> {
  const sent = (input as { email?: unknown } | null)?.email
  const failed = {
    row,
    email: typeof sent === 'string' ? sent : null,
    role: null,
    department_name: null,
    status: 'failed',
    invitation: null,
  } as const
  if (errors) return { ...failed, errors }
  try {
    const { email, role, department } = validate(invitationSchema, input)
    const { invited = null, isNew } = await invite({ email, role, department })
    const status = isNew ? 'invited' : 'already_invited'
    return { row, email, role, department_name: nameIn(names, department), status, invitation: invited, errors: null }
  } catch (error) {
    if (!isOfOne(error)) throw error
    return { ...failed, errors: errorsOf(error) }
  }
}

function nameIn(names: Map<string, string>, department: string | null): string | null {
  return department === null ? null : (names.get(department) ?? null)
}

function errorsOf({ status, body }: ApiError): FieldErrors {
  return status === 400 ? (body as FieldErrors) : { non_field_errors: [String(body.detail)] }
}
