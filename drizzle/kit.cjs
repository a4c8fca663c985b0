// drizzle-kit reads what a module exports, and only CommonJS can export tables without naming each.
const { pgTable } = require('drizzle-orm/pg-core')

const set = process.env.MIGRATION_SET
module.exports = require(`./${set}/schema.ts`)[`${set}Tables`](pgTable)
