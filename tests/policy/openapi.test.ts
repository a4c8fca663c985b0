import { readFileSync } from 'node:fs'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, describe, expect, test } from 'vitest'
import { breakingChanges } from '../../scripts/openapi/breaking.ts'
import { readGenerated } from '../../scripts/openapi/files.ts'
import { readDocuments } from '../../scripts/openapi/read.ts'
import type { JsonSchema } from '../../scripts/openapi/schemas.ts'
import { readRoutes } from '../support/routes.ts'

const surfaces = ['site', 'portal', 'console'] as const

let made: Record<(typeof surfaces)[number], JsonSchema>
beforeAll(async () => {
  made = await readDocuments()
})

test('the reference of the API and the types of its client are what the routes declare; otherwise run: npm run openapi', async () => {
  const files = Object.entries(await readGenerated())
  expect(files).toHaveLength(7)
  expect(files.filter(([file, text]) => readFileSync(file, 'utf8') !== text).map(([file]) => file)).toEqual([])
})

describe.each(surfaces)("the reference of the API: the %s's", surface => {
  const read = () => readFileSync(`docs/openapi/${surface}.json`, 'utf8')

  test("keeps Redocly's recommended rules, without an error or a warning", async () => {
    const config = await createConfig({
      extends: ['recommended'],
      // The paths are djoser's, which end with a slash.
      rules: { 'no-path-trailing-slash': 'off' },
    })
    const lint = (source: string) => lintFromString({ source, absoluteRef: `/${surface}.json`, config })
    expect((await lint(read())).map(({ ruleId, message }) => [ruleId, message])).toEqual([])
    expect(await lint(read().replace('"summary": ', '"synopsis": '))).not.toEqual([])
  })

  test('is valid OpenAPI 3.1 to another validator too', async () => {
    expect(await new Validator().validate(read())).toMatchObject({ valid: true })
  })

  test('has every route of the surface, with its summary, answers and errors', async () => {
    const routes = (await readRoutes()).filter(route => route.surfaces.includes(surface) && route.summary)
    const paths = made[surface].paths as Record<string, Record<string, { summary: string; responses: object }>>
    const missing = routes.filter(({ method, path, summary, status }) => {
      const operation = paths[path.replaceAll(/\[(\w+)\]/g, '{$1}')]?.[method.toLowerCase()]
      return operation?.summary !== summary || !(status in operation.responses) || !('503' in operation.responses)
    })
    expect(missing.map(({ file }) => file)).toEqual([])
    expect(routes.length).toBeGreaterThan(7)
  })
})

describe('a change of the API that can break clients', () => {
  const changed = (change: (document: Edited) => void) => {
    const after = structuredClone(made.portal) as unknown as Edited
    change(after)
    return breakingChanges(made.portal, after as never).map(({ operation, change: what }) => `${operation}: ${what}`)
  }

  test('is a path, a method, a status or a parameter that is gone', () => {
    expect(changed(({ paths }) => delete paths['/api/v1/departments/']!.get)).toEqual([
      'getDepartments: GET /api/v1/departments/ is gone',
    ])
    expect(changed(({ paths }) => delete paths['/api/v1/departments/']!.post!.responses['201'])).toEqual([
      'postDepartments: the status 201 is gone',
    ])
    expect(changed(({ paths }) => paths['/api/v1/users/']!.get!.parameters.shift())).toEqual([
      'getUsers: the parameter page is gone',
    ])
  })

  test('is a field of an answer that is gone, or of another type', () => {
    expect(changed(({ components }) => delete components.schemas.DirectoryUser!.properties.email)).toContain(
      'getUsers: the field results.[].email of the answer is gone',
    )
    expect(changed(({ components }) => (components.schemas.User!.properties.email!.type = 'integer'))).toContain(
      'getAuthUsersById: the field email of the answer is integer, and was string',
    )
  })

  test('is new required input', () => {
    const body = ({ paths }: Edited) =>
      paths['/api/v1/departments/']!.post!.requestBody!.content['application/json']!.schema
    expect(
      changed(document => {
        body(document).properties.code = { type: 'string' }
        body(document).required.push('code')
      }),
    ).toEqual(['postDepartments: code is required'])
  })

  test('is not a new field, a new operation or optional input', () => {
    expect(
      changed(({ paths, components }) => {
        components.schemas.User!.properties.nickname = { type: 'string' }
        paths['/api/v1/new/'] = { get: paths['/api/v1/users/']!.get! }
      }),
    ).toEqual([])
  })
})

interface Edited {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters: object[]
        responses: Record<string, unknown>
        requestBody?: { content: Record<string, { schema: Shape }> }
      }
    >
  >
  components: { schemas: Record<string, Shape> }
}

interface Shape {
  properties: Record<string, { type?: string }>
  required: string[]
}
