import { cleanIdentifier } from '#shared/schemas/fields.ts'

/** What a column of a list of people can be, as in the API. */
export const peopleFields = [
  'email',
  'first_name',
  'last_name',
  'employee_id',
  'department',
  'role',
  'is_active',
] as const
export type PeopleField = (typeof peopleFields)[number]

// The best name first: if a file has several of them, that column is used. From Google Workspace, Microsoft Entra ID,
// Okta, BambooHR, Moodle, LDAP, and our own labels.
const names: Record<PeopleField, string[]> = {
  email: [
    'email',
    'e mail',
    'email address',
    'e mail address',
    'work email',
    'work e mail',
    'work email address',
    'business email',
    'company email',
    'primary email',
    'mail',
    'user email',
    'user principal name',
    'userprincipalname',
    'emailaddress',
    'workemail',
    'البريد الإلكتروني',
    'e mail adresse',
    'adresse e mail',
    'correo electrónico',
  ],
  first_name: [
    'first name',
    'firstname',
    'given name',
    'givenname',
    'forename',
    'legal first name',
    'الاسم الأول',
    'vorname',
    'prénom',
    'nombre',
  ],
  last_name: [
    'last name',
    'lastname',
    'surname',
    'family name',
    'familyname',
    'sn',
    'legal last name',
    'اسم العائلة',
    'nachname',
    'nom',
    'apellidos',
  ],
  employee_id: [
    'employee id',
    'employeeid',
    'employee number',
    'employeenumber',
    'employee no',
    'staff id',
    'staff number',
    'personnel number',
    'idnumber',
    'id number',
    'الرقم الوظيفي',
    'personalnummer',
  ],
  department: ['department', 'department name', 'dept', 'القسم', 'abteilung', 'departamento'],
  role: ['role', 'الدور', 'rolle'],
  is_active: ['is active', 'active', 'account enabled', 'accountenabled', 'enabled', 'status', 'الحالة'],
}

/** A file has two columns of the same name that is needed. */
export class AmbiguousColumn extends Error {
  readonly field: PeopleField

  constructor(field: PeopleField, column: string) {
    super(column)
    this.field = field
  }
}

/** @returns which field each column is, null for those that are not used @throws AmbiguousColumn */
export function assignColumns(header: string[]): (PeopleField | null)[] {
  const folded = header.map(foldName)
  const columns: (PeopleField | null)[] = header.map(() => null)
  for (const field of peopleFields) {
    const name = names[field].find(candidate => folded.includes(candidate))
    if (name === undefined) continue
    const at = folded.indexOf(name)
    if (folded.includes(name, at + 1)) throw new AmbiguousColumn(field, header[at]!)
    columns[at] = field
  }
  return columns
}

/** Whether a record of a file is the header of a list of people. */
export function isPeopleHeader(cells: string[]): boolean {
  return cells.map(foldName).some(name => names.email.includes(name))
}

/**
 * Makes the usual spellings of a column's name equal: `E-Mail`, `e_mail`, `Email Address [Required]`,
 * `Employee #`.
 */
function foldName(name: string): string {
  return cleanIdentifier(name)
    .toLowerCase()
    .replaceAll(/\[[^\]]*\]|\([^)]*\)|\*/g, '')
    .replaceAll('#', ' number')
    .replaceAll(/[\s_.:-]+/g, ' ')
    .trim()
}
