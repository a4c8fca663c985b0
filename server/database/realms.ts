import type { PgDatabase } from 'drizzle-orm/pg-core'
import { pgSchema } from 'drizzle-orm/pg-core'
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import { drizzle } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import type { PlatformTables } from '#drizzle/platform/schema.ts'
import { platformTables } from '#drizzle/platform/schema.ts'
import type { RealmTables } from '#drizzle/realm/schema.ts'
import { realmTables } from '#drizzle/realm/schema.ts'
import type { TenantTables } from '#drizzle/tenant/schema.ts'
import { tenantTables } from '#drizzle/tenant/schema.ts'
import type { ApiError } from '#shared/errors.ts'
import { requireSchemaName } from './schema-names.ts'
import type { Slots } from './slots/slots.ts'
import type { GuardedClient } from './slots/transaction.ts'
import { lazily } from './slots/transaction.ts'

/** The handle for queries of one realm: its query builder, or a transaction. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>

/**
 * One schema with users who sign in. Its tables name the schema in every query, and it has no other schema's tables,
 * so a handler cannot reach another tenant's rows by mistake.
 */
export interface Realm<Tables extends RealmTables = RealmTables> {
  schema: string
  tables: Tables
  db: Db
  /** @throws ApiError 503 when no slot is free in time, and whatever `work` throws, after a rollback */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /**
   * For a caller that detects an answer to another statement; see `Slots.distrust`.
   * @returns the 503 to throw
   */
  distrust(message: string): ApiError
  /** Builds a query once per realm and keeps it: `make` runs the first time that `name` is requested. */
  prepared<Query>(name: string, make: () => Query): Query
}

export type TenantRealm = Realm<RealmTables & TenantTables>
/** Whether a realm is an organisation's, and not the platform's. */
export function isTenantRealm(realm: Realm): realm is TenantRealm {
  return 'settings' in realm.tables
}

export type PlatformRealm = Realm<RealmTables & PlatformTables>

export interface Database {
  platform: PlatformRealm
  /** @throws Error when the name cannot be a tenant's schema */
  tenant(schema: string): TenantRealm
  /** The query builder on a transaction's client. */
  on(client: GuardedClient): Db
  slots: Slots
  end(): Promise<void>
}

// A realm needs 30 to 60 kB, for the tables that were used and their prepared queries.
const realmsLimit = 6_000

export function createDatabase(slots: Slots): Database {
  const tenants = new Map<string, TenantRealm>()
  return {
    platform: createRealm(slots, 'platform', table => join(realmTables(table), platformTables(table))),
    tenant: schema => tenants.get(schema) ?? addTenant(tenants, slots, requireSchemaName(schema)),
    on: dbOn,
    slots,
    end: () => slots.end(),
  }
}

function addTenant(tenants: Map<string, TenantRealm>, slots: Slots, schema: string): TenantRealm {
  const realm = createRealm(slots, schema, table => join(realmTables(table), tenantTables(table)))
  if (tenants.size >= realmsLimit) tenants.delete(tenants.keys().next().value!)
  tenants.set(schema, realm)
  return realm
}

// A spread would make all tables.
function join<A extends object, B extends object>(a: A, b: B): A & B {
  return Object.defineProperties(a, Object.getOwnPropertyDescriptors(b)) as A & B
}

function createRealm<Tables extends RealmTables>(
  slots: Slots,
  schema: string,
  makeTables: (table: ReturnType<typeof pgSchema>['table']) => Tables,
): Realm<Tables> {
  const queries = new Map<string, unknown>()
  return {
    schema,
    tables: makeTables(pgSchema(schema).table),
    db: dbOn({
      options: { parsers: {}, serializers: {} },
      unsafe: (text, params = []) => lazily(asArrays => slots.query(schema, text, params, asArrays)),
    }),
    transaction: work => slots.transaction(schema, client => work(dbOn(client))),
    distrust: message => slots.distrust(schema, message),
    prepared<Query>(name: string, make: () => Query): Query {
      let query = queries.get(name) as Query | undefined
      if (!query) queries.set(name, (query = make()))
      return query
    },
  }
}

function dbOn(client: GuardedClient): Db {
  return drizzle(client as unknown as Sql) as unknown as Db
}
