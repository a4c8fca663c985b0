import { sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import { readColumns } from '#server/domain/lib/people-file.ts'
import { plainCell } from '#shared/table/csv.ts'
import type { FieldErrors } from '#shared/errors.ts'
import { invalid } from '#shared/errors.ts'
import { cleanIdentifier } from '#shared/schemas/fields.ts'
import { invitationRowsLimit } from '#shared/schemas/invitations.ts'
import type { PeopleField } from '#shared/table/people-columns.ts'
import { isPeopleHeader } from '#shared/table/people-columns.ts'
import type { TableRow } from '#shared/table/table.ts'
import { openTable } from '#shared/table/table.ts'
import { strayQuoteText } from '#shared/table/texts.ts'
import type { BulkRow } from './bulk.ts'

type Cells = Partial<Record<PeopleField, string>>

/**
 * Reads a CSV text with the columns `email`, `role` and `department` (by name), by the same rules as an import.
 * @throws ApiError 400 on `csv` if it is not valid
 */
export async function readInvitationRows(realm: TenantRealm, csv: string): Promise<BulkRow[]> {
  const table = openTable(csv, isPeopleHeader)
  const { columns } = readColumns(table.header, 'csv')
  const records = [...table.rows()]
  if (records.length > invitationRowsLimit)
    throw invalid({ csv: [`Ensure this field has no more than ${invitationRowsLimit} rows.`] })
  const departments = await readDepartments(realm)
  return records.map(record => toRow(record, cellsOf(record, columns), departments))
}

async function readDepartments({ db, tables: { departments } }: TenantRealm): Promise<Map<string, string>> {
  const known = await db.select({ id: departments.id, name: sql<string>`lower(${departments.name})` }).from(departments)
  return new Map(known.map(({ id, name }) => [name, id]))
}

function cellsOf({ cells }: TableRow, columns: (PeopleField | null)[]): Cells {
  return Object.fromEntries(
    columns.flatMap((column, at) => (column ? [[column, cleanIdentifier(plainCell(cells[at] ?? ''))]] : [])),
  )
}

function toRow({ row, isFaulty }: TableRow, cells: Cells, departments: Map<string, string>): BulkRow {
  const { email, role, department } = cells
  const id = department ? departments.get(department.toLowerCase()) : undefined
  const input = {
    email,
    ...(role ? { role: role[0]!.toUpperCase() + role.slice(1).toLowerCase() } : {}),
    ...(id ? { department: id } : {}),
  }
  const errors = errorsOf(isFaulty, department, id)
  return { row, input, ...(errors ? { errors } : {}) }
}

function errorsOf(isFaulty: boolean, department: string | undefined, id: string | undefined): FieldErrors | undefined {
  if (isFaulty) return { row: [strayQuoteText] }
  return department && !id ? { department: [`There is no department "${department}".`] } : undefined
}
