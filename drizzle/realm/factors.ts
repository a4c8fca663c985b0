import { sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { bigint, boolean, check, index, integer, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'

/** The `id` column of the realm's users. */
type UserId = () => AnyPgColumn

const userId = (users: UserId) => uuid().notNull().references(users, { onDelete: 'cascade' })

/** Second factors: authenticator apps (TOTP) and passkeys (WebAuthn). */
export function factorsTable(table: TableFactory, users: UserId) {
  return table(
    'factors',
    {
      id: id(),
      user_id: userId(users),
      kind: text({ enum: ['totp', 'passkey'] }).notNull(),
      name: varchar({ length: 100 }).notNull(),
      created: moment().notNull(),
      /** An authenticator app counts from its first code on. */
      confirmed_at: moment(),
      last_used: moment(),
      /** TOTP: the secret, encrypted with the master secret; see server/domain/lib/wrap.ts. */
      secret: text(),
      /** TOTP: the last time step of which a code was accepted. */
      last_step: integer(),
      /** Passkey: base64url, as in WebAuthn's JSON. */
      credential_id: text(),
      /** Passkey: the COSE key, base64url. */
      public_key: text(),
      /** Passkey: the authenticator's count of signatures; 0 where it does not count. */
      counter: bigint({ mode: 'number' }),
      transports: text().array(),
      /** Passkey: the model of the authenticator. */
      aaguid: uuid(),
      /** Passkey: whether it is synchronised, so that it can be on several devices. */
      backed_up: boolean(),
      /** Passkey: the relying party's id that it is bound to, a host. */
      rp_id: text(),
    },
    factors => [
      index('factors_user').on(factors.user_id),
      uniqueIndex('factors_credential').on(factors.credential_id),
      uniqueIndex('factors_one_unconfirmed')
        .on(factors.user_id)
        .where(sql`confirmed_at is null`),
      check('factors_kind', sql`kind in ('totp', 'passkey')`),
      check('factors_totp', sql`kind <> 'totp' or secret is not null`),
      check(
        'factors_passkey',
        sql`kind <> 'passkey' or (credential_id is not null and public_key is not null and counter is not null and rp_id is not null)`,
      ),
    ],
  )
}

/** Codes that replace a second factor, each once. */
export function recoveryCodesTable(table: TableFactory, users: UserId) {
  return table(
    'recovery_codes',
    {
      id: id(),
      user_id: userId(users),
      /** HMAC with the pepper; see server/domain/factors/recovery-codes.ts. */
      code_hash: text().notNull(),
      created: moment().notNull(),
      used_at: moment(),
    },
    codes => [index('recovery_codes_user').on(codes.user_id)],
  )
}

/** What a client must answer with a factor: each works once, for one user and one purpose. */
export function challengesTable(table: TableFactory, users: UserId) {
  return table(
    'challenges',
    {
      id: id(),
      user_id: userId(users),
      /** `used` only records that a passkey's challenge, which has no row before, was answered. */
      purpose: text({ enum: ['sign_in', 'registration', 'reauthentication', 'used'] }).notNull(),
      /** SHA-256, base64url, of what names the challenge: its token, or WebAuthn's challenge. */
      token_hash: text().notNull(),
      /** The challenge that a passkey has to sign, base64url. */
      webauthn: text(),
      /** The session that asked; null at sign-in. */
      session_id: uuid(),
      tries: integer().notNull().default(0),
      created: moment().notNull(),
      expires_at: moment().notNull(),
    },
    challenges => [
      uniqueIndex('challenges_token').on(challenges.token_hash),
      index('challenges_user').on(challenges.user_id),
      check('challenges_purpose', sql`purpose in ('sign_in', 'registration', 'reauthentication', 'used')`),
    ],
  )
}

/** Browsers in which a user need not give a second factor. */
export function devicesTable(table: TableFactory, users: UserId) {
  return table(
    'devices',
    {
      id: id(),
      user_id: userId(users),
      /** SHA-256 of the cookie's value, base64url. */
      token_hash: text().notNull(),
      created: moment().notNull(),
      last_used: moment().notNull(),
      expires_at: moment().notNull(),
      user_agent: varchar({ length: 400 }),
      ip: varchar({ length: 45 }),
    },
    devices => [uniqueIndex('devices_token').on(devices.token_hash), index('devices_user').on(devices.user_id)],
  )
}
