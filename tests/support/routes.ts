import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Idempotency } from '#server/domain/idempotency/keys.ts'
import type { Access } from '#server/http/route/access.ts'
import type { Turn } from '#server/http/heavy-work.ts'
import type { DeclaredHandler } from '#server/http/route/options.ts'
import type { Surface } from '#shared/types/surface.ts'
import type { Source } from './sources.ts'
import { readSources } from './sources.ts'

export interface Route {
  file: string
  /** Empty for routes without a tenancy. */
  summary: string
  /** The comment of its declaration. */
  comment: string | undefined
  method: string
  /** With the names of its parameters in brackets, such as `/api/v1/users/[id]/`. */
  path: string
  surfaces: Surface[]
  /** Undefined for routes without a tenancy. */
  access: Access | undefined
  query: z.ZodObject
  /** Several if it depends on the caller which one is used; none if it takes no JSON. */
  bodies: z.ZodObject[]
  status: number
  /** Undefined for routes that answer nothing, or a file. */
  answer: z.ZodType | undefined
  /** The content type of an answer that is a file. */
  sends: string | undefined
  /** The content of its body if that is not JSON. */
  carries: 'form' | 'csv' | undefined
  /** Whether a support session may use it; if undefined, it may read. */
  support: boolean | undefined
  /** Whether a session that may only be used to add a second factor may use it. */
  enrolment: boolean | undefined
  /** Whether the user must have proved lately that it is them. */
  reauthentication: boolean | 'console' | undefined
  turn: Turn | undefined
  idempotency: Idempotency | undefined
}

/** Every route of the server with its inputs, read from the source tree, so that new routes are included. */
export async function readRoutes(): Promise<Route[]> {
  const sources = readSources('server/api/**/*.ts', 'server/routes/**/*.ts', 'server/routes/.*/**/*.ts')
  return Promise.all(sources.map(source => readRoute(source.file, originOf(source, sources))))
}

/** If a file re-exports another route, it is that route's. */
function originOf(source: Source, sources: Source[]): Source {
  const [, other] = /^export \{ default \} from '(.+?)(?:\.ts)?'\s*$/.exec(source.code.trim()) ?? []
  return sources.find(({ file }) => file === `${join(source.file, '..', other ?? '')}.ts`) ?? source
}

async function readRoute(file: string, origin: Source): Promise<Route> {
  const [, , path = '', method = ''] =
    /^server\/(?:routes|(?=api))(\/?)(.*?)(?:\/index)?\.(get|post|put|patch|delete)\.ts$/.exec(file) ?? []
  const handler = ((await import(resolve(file))) as { default: Partial<DeclaredHandler> }).default
  const {
    summary = '',
    surfaces = ['site', 'portal', 'console'],
    access,
    status = 200,
    body,
    accepts = [],
    query,
    answer,
    sends,
    support,
    enrolment,
    reauthentication,
    turn,
    idempotency,
  } = handler.declared ?? {}
  return {
    file,
    summary,
    comment: commentIn(readFileSync(origin.file, 'utf8')),
    method: method.toUpperCase(),
    path: `/${path}${path.startsWith('api/') && !/\.\w+$/.test(path) ? '/' : ''}`,
    surfaces,
    access,
    query: asObject(query) ?? z.object(Object.fromEntries(queryNamesIn(origin.code).map(name => [name, z.string()]))),
    status,
    answer,
    sends,
    bodies: body ? [asObject(body)!] : [...(typeof accepts === 'string' ? [] : accepts)],
    carries: typeof accepts === 'string' ? carried[accepts] : undefined,
    support,
    enrolment,
    reauthentication,
    turn,
    idempotency,
  }
}

function commentIn(text: string): string | undefined {
  const [, comment] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export default /.exec(text) ?? []
  return comment?.replaceAll(/\s*\n \*/g, '').trim()
}

// A route without a tenancy declares no query.
function queryNamesIn(code: string): string[] {
  return /\{ ([\w, ]+) \} = getQuery\(event\)/.exec(code)?.[1]?.split(', ') ?? []
}

const carried = { 'text/csv': 'csv', 'multipart/form-data': 'form' } as const

function asObject(schema: z.ZodType | undefined): z.ZodObject | undefined {
  if (schema && !(schema instanceof z.ZodObject)) throw new Error('A body or query that is no object.')
  return schema
}
