import type { Surface } from '#shared/types/surface.ts'
import type { Route } from '../../tests/support/routes.ts'
import { errorResponses, errorSchemas } from './errors.ts'
import { withExample } from './examples.ts'
import { operationOf } from './operations.ts'
import type { JsonSchema, SharedSchemas } from './schemas.ts'
import { tags } from './tags.ts'

const titles: Record<Surface, { title: string; description: string }> = {
  site: {
    title: 'Tenantry: the site',
    description: 'Signing up organisations and finding them. Served on the base domain.',
  },
  portal: {
    title: 'Tenantry: the portals',
    description: "An organisation's people, departments, invitations, sessions and settings. Served on its hosts.",
  },
  console: {
    title: 'Tenantry: the console',
    description: "The operators' work with organisations. Served on the console's host.",
  },
}

/** The OpenAPI 3.1 document of a surface, made from what its routes declare. */
export function createDocument(surface: Surface, routes: Route[], shared: SharedSchemas, version: string): JsonSchema {
  const own = routes.filter(route => route.surfaces.includes(surface) && route.summary)
  const paths: Record<string, JsonSchema> = {}
  for (const route of own)
    (paths[route.path.replaceAll(/\[(\w+)\]/g, '{$1}')] ??= {})[route.method.toLowerCase()] = operationOf(
      route,
      surface,
      shared,
    )
  const used = new Set(Object.values(paths).flatMap(path => Object.values(path).flatMap(tagsOf)))
  const document = {
    openapi: '3.1.1',
    info: {
      ...titles[surface],
      version,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The host that serves this document.' }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { responses: errorResponses },
  }
  const schemas = referredTo(document, { ...shared.used, ...errorSchemas })
  return {
    ...document,
    components: {
      ...(JSON.stringify(document.paths).includes('"bearer"') && { securitySchemes }),
      responses: onlyReferredTo(errorResponses, document.paths, 'responses'),
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, withExample(schema, shared.used)]),
      ),
    },
  }
}

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of `auth/jwt/create/`. `Authorization: JWT …` is accepted too.',
  },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'tenantry_access',
    description: 'The cookies of `auth/session/`. A request that changes something must be of the same origin.',
  },
}

function tagsOf(operation: unknown): string[] {
  return (operation as { tags: string[] }).tags
}

/** The schemas that a document refers to, also through others, by name. */
function referredTo(document: object, all: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const found = new Set<string>()
  const visit = (part: object) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name!)) continue
      found.add(name!)
      visit(all[name!]!)
    }
  }
  visit(document)
  return Object.fromEntries([...found].sort().map(name => [name, { ...all[name]! }]))
}

function onlyReferredTo<Part>(parts: Record<string, Part>, paths: object, kind: string): Record<string, Part> {
  const text = JSON.stringify(paths)
  return Object.fromEntries(Object.entries(parts).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)))
}
