import type { EventHandler, H3Event } from 'h3'
import type { z } from 'zod'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Idempotency } from '#server/domain/idempotency/keys.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import type { Turn } from '#server/http/heavy-work.ts'
import type { Surface } from '#shared/types/surface.ts'
import type { Access } from './access.ts'

export type Schema = z.ZodType | undefined

export interface Options<A extends Access, Body extends Schema, Query extends Schema, Answer extends Schema> {
  /** What it does, in a few words, for the reference of the API. */
  summary: string
  access: A
  /** The status of a success; 200 by default. */
  status?: 200 | 201 | 202 | 204
  body?: Body
  /** For a handler that reads the body itself: the schemas of which it uses one, or the content type of a file. */
  accepts?: readonly z.ZodObject[] | 'text/csv' | 'multipart/form-data'
  query?: Query
  /** The JSON of a success, from shared/answers; none where the status is 204. */
  answer?: Answer
  /** The content type of a success that is a file. */
  sends?: string
  /**
   * Whether an operator in a support session may use the route. By default they may read and change nothing. A
   * read-only session never changes anything. See docs/decisions/0011-support-access.md.
   */
  support?: boolean
  /** Whether a session that may only be used to add a second factor may use the route. By default it may not. */
  enrolment?: boolean
  /**
   * Whether the user must have proved within the last minutes that it is them: everywhere, or only on the console. See
   * server/domain/factors/reauthenticate.ts.
   */
  reauthentication?: boolean | 'console'
  /** Heavy work: each tenant runs one at a time in a process; others wait for some seconds. */
  turn?: Turn
  /** That it takes an Idempotency-Key, and how its work can be repeated. */
  idempotency?: Idempotency
}

export interface Context<R, A extends Access, Body, Query> {
  app: App
  authRealm: R
  /** Null on a public route, which does not look at credentials. */
  principal: A extends 'public' ? null : Principal
  body: Body extends z.ZodType ? z.output<Body> : undefined
  query: Query extends z.ZodType ? z.output<Query> : undefined
  /** From the path; a parameter called id is a UUID. */
  params: Record<string, string>
  audit: AuditContext
  /** The caller of a public route that requests authentication itself, with all checks of a private route. */
  identify: () => Promise<Principal | undefined>
  userAgent: string | null
  event: H3Event
}

export type Handler<R, A extends Access, Body, Query, Answer> = (
  context: Context<R, A, Body, Query>,
) => Answer extends z.ZodType ? z.input<Answer> | Promise<z.input<Answer>> : unknown

/** A handler with its declared options, for code that reads all routes. */
export interface DeclaredHandler<
  Body extends Schema = Schema,
  Query extends Schema = Schema,
  Answer extends Schema = Schema,
> extends EventHandler {
  declared: {
    summary: string
    surfaces: Surface[]
    access: Access
    status: number
    body?: Body
    accepts?: AnyOptions['accepts']
    query?: Query
    answer?: Answer
    sends?: string
    support?: boolean
    enrolment?: boolean
    reauthentication?: boolean | 'console'
    turn?: Turn
    idempotency?: Idempotency
  }
}

export type AnyOptions = Options<Access, Schema, Schema, Schema>
