import { z } from 'zod'
import { textEncodings } from '#shared/table/encoding.ts'
import { deviceAnswer, factorKind } from './factors.ts'
import { count, delivery, etag, id, language, time } from './fields.ts'

/** People and departments. */
export const tenantRole = z.enum(['Admin', 'Staff'])
export type TenantRole = z.output<typeof tenantRole>

/** `Support` exists only for operators, on the console, where an Admin owns the platform and Staff can only read. */
export const role = z.enum([...tenantRole.options, 'Support'])
export type Role = z.output<typeof role>

export const userAnswer = z.strictObject({
  id: id(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  photo: z.string().nullable(),
  organization: z.string().describe("The tenant's id; `platform` for operators."),
  department: id().nullable(),
  employee_id: z.string().nullable(),
  role,
  language: language.nullable().describe("Language of the interface and of mails; null: the organisation's."),
  is_active: z.boolean(),
  date_joined: time(),
  last_login: time().nullable(),
  etag: etag(),
})
export type User = z.output<typeof userAnswer>

/** The caller. */
export const meAnswer = userAnswer.extend({
  support: z
    .strictObject({ operator_email: z.string(), expires_at: time(), is_read_only: z.boolean() })
    .nullable()
    .describe('The operator who has signed in as this user, if any.'),
  must_enrol: z.boolean().describe('Whether the session may only be used to add a second factor.'),
})
export type Me = z.output<typeof meAnswer>

/** A user in the directory; only an Admin gets the last five fields. */
export const directoryUserAnswer = z.strictObject({
  id: id(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  photo: z.string().nullable(),
  department: z
    .strictObject({
      id: id(),
      name: z.string(),
    })
    .nullable(),
  role,
  employee_id: z.string().nullable().optional(),
  is_active: z.boolean().optional(),
  date_joined: time().optional(),
  last_login: time().nullable().optional(),
  delivery: delivery().nullable().optional().describe('Of the last mail with a link to set a password; not in lists.'),
  etag: etag().optional().describe('Not in lists.'),
})
export type DirectoryUser = z.output<typeof directoryUserAnswer>

/** The result for one of the users of a bulk action. */
export const bulkResultAnswer = z.strictObject({
  id: id(),
  email: z.string().nullable().describe('Null for a user who does not exist.'),
  status: z.enum(['done', 'unchanged', 'refused']),
  detail: z.string().nullable().describe('Why it was refused.'),
})
export type BulkResult = z.output<typeof bulkResultAnswer>
export const bulkResultsAnswer = z.strictObject({ results: z.array(bulkResultAnswer) })

export const importReportAnswer = z.strictObject({
  created: count(),
  changed: count(),
  unchanged: count(),
  errors: z.array(
    z.strictObject({
      row: count(),
      field: z.string(),
      message: z.string(),
    }),
  ),
  changes: z.array(
    z.strictObject({
      row: count(),
      action: z.enum(['create', 'change']),
      email: z.string(),
      fields: z.record(
        z.string(),
        z.strictObject({
          from: z.unknown(),
          to: z.unknown(),
        }),
      ),
    }),
  ),
  ignored_columns: z.array(z.string()).describe('Names of columns of the file that are not imported.'),
  encoding: z.enum(textEncodings).describe('As which the file was read.'),
})
export type ImportReport = z.output<typeof importReportAnswer>

/** An open task: the user's own, or, for an Admin, the organisation's. */
export const homeTask = z.enum([
  'name',
  'photo',
  'invitations_expiring',
  'invitations_open',
  'without_department',
  'never_signed_in',
  'without_second_factor',
])
export type HomeTask = z.output<typeof homeTask>

/** A step of setting an organisation up. */
export const setupStep = z.enum(['logo', 'departments', 'colleagues', 'second_admin'])
export type SetupStep = z.output<typeof setupStep>

export const homeAnswer = z.strictObject({
  department: z
    .strictObject({
      id: id(),
      name: z.string(),
      people: count(),
      colleagues: z.array(directoryUserAnswer),
    })
    .nullable()
    .describe("The user's department, with its number of active people and some of the others."),
  newest: z.array(directoryUserAnswer).describe('Colleagues who joined recently, newest first.'),
  tasks: z.array(
    z.strictObject({
      task: homeTask,
      count: count(),
    }),
  ),
  setup: z
    .array(z.strictObject({ step: setupStep, is_done: z.boolean() }))
    .nullable()
    .describe('What is left to set the organisation up, for an Admin, until all of it is done; otherwise null.'),
})
export type Home = z.output<typeof homeAnswer>

/** Everything that is stored about a user. */
export const personalDataAnswer = z.strictObject({
  profile: userAnswer,
  sessions: z.array(
    z.strictObject({
      id: id(),
      created: time(),
      rotated_at: time(),
      expires_at: time(),
      revoked_at: time().nullable(),
      revoked_reason: z.string().nullable(),
      ip: z.string().nullable(),
      user_agent: z.string().nullable(),
    }),
  ),
  factors: z.array(
    z.strictObject({ kind: factorKind, name: z.string(), created: time(), last_used: time().nullable() }),
  ),
  devices: z.array(deviceAnswer),
  events: z
    .array(
      z.strictObject({
        created: time(),
        action: z.string(),
        actor: id().nullable(),
        subject: z.string().nullable(),
        ip: z.string().nullable().describe('Null where somebody else acted.'),
        details: z.record(z.string(), z.unknown()),
      }),
    )
    .describe('What the user did, or what was done to them: the newest 10,000 events.'),
})
