import { z } from 'zod'
import type { Case } from './cases.ts'
import type { Request } from './requests.ts'
import { newAddress } from './fresh.ts'
import { nameOf } from './verdicts.ts'

/** A field of a request that names an object by its id. */
export interface IdField {
  name: string
  noun: 'user' | 'department'
  /** @returns the request with this id in the field */
  put: (request: Request, id: string) => Request
}

/** What the ids in a field are of. `tenant`: on the console, where all organisations are the operators'. */
const nouns: Record<string, IdField['noun'] | 'tenant'> = {
  user: 'user',
  ids: 'user',
  actor: 'user',
  subject: 'user',
  department: 'department',
  tenant: 'tenant',
}

/** Every field of a route's body and query that takes an id. @throws Error for one of an unknown noun */
export function idFieldsOf({ route, caller }: Case): IdField[] {
  const inQuery = idsIn(route.query).map(name => fieldOf(name, (request, id) => withQuery(request, name, id)))
  const own = route.bodies.length > 1 && caller.surface === 'console' ? route.bodies.slice(1) : route.bodies.slice(0, 1)
  const inBody = own.flatMap(schema =>
    idsIn(schema).map(name => fieldOf(name, (request, id) => withField(request, name, id))),
  )
  return [...inQuery, ...inBody, ...nestedIn(nameOf(route))].filter(({ noun }) => noun !== ('tenant' as string))
}

// The schema validates each row on its own.
function nestedIn(name: string): IdField[] {
  if (name !== 'POST /api/v1/invitations/bulk/') return []
  const email = newAddress()
  const put = (request: Request, department: string) => ({
    ...request,
    body: { invitations: [{ email, department }] },
  })
  return [{ name: 'invitations', noun: 'department', put }]
}

function fieldOf(name: string, put: IdField['put']): IdField {
  const noun = nouns[name]
  if (!noun) throw new Error(`${name}: say in ${import.meta.filename} what its ids are of`)
  return { name, noun: noun as IdField['noun'], put }
}

function idsIn(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape)
    .filter(([, type]) => {
      const json = JSON.stringify(z.toJSONSchema(type as z.ZodType, { io: 'input', unrepresentable: 'any' }))
      return /"format":"uuid"|\[0-9a-f\]\{8\}|\[0-9a-fA-F\]\{8\}/.test(json)
    })
    .map(([name]) => name)
}

function withQuery(request: Request, name: string, id: string): Request {
  return { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}${name}=${id}` }
}

function withField(request: Request, name: string, id: string): Request {
  const value = name === 'ids' ? [id] : id
  return { ...request, body: { ...(request.body as object), [name]: value } }
}
