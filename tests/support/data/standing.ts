import type { Sql, TransactionSql } from 'postgres'

/**
 * Opens or closes a tenant in the database, as the transaction of an operator does: on the platform and in the tenant's
 * own schema. No process is told.
 */
export async function setStanding(
  sql: Sql | TransactionSql,
  { schema }: { schema: string },
  standing: 'active' | 'suspended' | 'maintenance',
): Promise<void> {
  const isInMaintenance = standing === 'maintenance'
  const write = async (tx: TransactionSql) => {
    await tx`
      update platform.tenants set status = ${isInMaintenance ? 'active' : standing},
        maintenance_since = ${isInMaintenance ? new Date() : null} where schema = ${schema}`
    await tx`update ${tx(schema)}.standing set state = ${standing}`
  }
  await ('begin' in sql ? sql.begin(write) : write(sql))
}
