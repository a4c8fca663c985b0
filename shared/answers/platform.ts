import { z } from 'zod'
import { count, id, tenantStatus, time } from './fields.ts'

const overviewDay = z.strictObject({
  day: z.string(),
  requests: count(),
  errors: count(),
  sign_ins: count(),
  failed_sign_ins: count(),
  failed_mails: count().describe('Mails that were given up.'),
})
export type OverviewDay = z.output<typeof overviewDay>

/** The responses of the console's own routes. Times are ISO 8601 UTC. */
export const overviewAnswer = z.strictObject({
  tenants: z.partialRecord(tenantStatus, count()).describe('Number of tenants, by status.'),
  failed_mails: count(),
  signups: count().describe('Confirmed sign-ups that wait for approval.'),
  failed_migrations: count(),
  current: count().describe('Tenants whose schema is up to date.'),
  behind: count().describe('Tenants whose schema is older than this program.'),
  newest: z.array(
    z.strictObject({
      id: id(),
      name: z.string(),
      subdomain: z.string(),
      status: tenantStatus,
      created: time(),
    }),
  ),
  purges: z
    .array(
      z.strictObject({
        id: id(),
        name: z.string(),
        subdomain: z.string(),
        purge_after: time(),
      }),
    )
    .describe('Tenants that will be deleted within a week.'),
  days: z.array(overviewDay).describe('What happened at all portals in the last 30 days, in UTC.'),
  storage: count().describe('Bytes of the database.'),
  busiest: z
    .array(
      z.strictObject({
        id: id(),
        name: z.string(),
        subdomain: z.string(),
        status: tenantStatus,
        requests: count(),
      }),
    )
    .describe('Tenants with the most requests in the last 7 days.'),
})
export type Overview = z.output<typeof overviewAnswer>

export const jobQueueAnswer = z.strictObject({
  name: z.string(),
  cron: z.string().nullable().describe("Schedule in cron's five fields, UTC; null for jobs with another trigger."),
  next: time().nullable(),
  waiting: count(),
  running: count(),
  failed: count().describe('Number of failed jobs that are still stored: pg-boss deletes jobs after some days.'),
  last_started: time().nullable(),
  last_finished: time().nullable(),
  last_state: z.string().nullable(),
  last_error: z.string().nullable().describe('Error of the last failed job.'),
})
export type JobQueue = z.output<typeof jobQueueAnswer>

/** A job that was told to run. */
export const requestedJobAnswer = z.strictObject({ name: z.string() })

export const jobRunAnswer = z.strictObject({
  id: id(),
  name: z.string(),
  state: z.string().describe('`active`, `completed`, `failed`, `retry` or `cancelled`.'),
  started: time(),
  finished: time().nullable(),
  error: z.string().nullable(),
})
export type JobRun = z.output<typeof jobRunAnswer>

/** What the doctor finds. */
export const checksAnswer = z.strictObject({
  checks: z.array(
    z.strictObject({
      name: z.string(),
      found: z.string().describe('A short summary.'),
      problems: z.array(z.string()).describe('One line for each, with what to do about it.'),
    }),
  ),
})

export const healthAnswer = z.strictObject({
  database: z.strictObject({
    version: z.string(),
    started: time(),
    size: count(),
    connections: count(),
    max_connections: count(),
    latency_ms: z.number(),
    is_embedded: z.boolean(),
  }),
  slots: z.strictObject({
    size: count(),
    busy: count(),
    waiting: count(),
    retired: count(),
    mismatched: count(),
  }),
  outbox: z.strictObject({
    waiting: count(),
    delayed: count(),
    failed: count(),
    oldest: time().nullable(),
  }),
  spare_schemas: count(),
  disk: z
    .strictObject({
      free: count(),
      total: count(),
    })
    .nullable()
    .describe('The disk of DATA_DIR, in bytes.'),
  is_listening: z.boolean(),
  process: z.strictObject({
    version: z.string().describe('Of Tenantry.'),
    pid: count(),
    node: z.string(),
    uptime: z.number(),
    memory: count(),
  }),
})

/** A machine of a Citus cluster. */
const nodeAnswer = z.strictObject({
  address: z.string().describe('Such as `db2.internal:5432`.'),
  is_coordinator: z.boolean(),
  is_active: z.boolean(),
  takes_tenants: z.boolean().describe('Whether new organisations are placed on it.'),
  tenants: count(),
  spare_schemas: count(),
  state: z
    .strictObject({
      version: z.string().describe('Of PostgreSQL and Citus.'),
      size: count().describe("Bytes of the organisations' tables."),
      connections: count(),
      max_connections: count(),
      active: count().describe('Connections that run a statement at this moment.'),
    })
    .nullable()
    .describe('Null if it does not answer.'),
  problem: z.string().nullable(),
})

export const nodesAnswer = z.strictObject({
  nodes: z.array(nodeAnswer).describe('Empty where the database is not Citus.'),
})
