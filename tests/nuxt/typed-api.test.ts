import { describe, expect, it } from 'vitest'

/** Never runs; the type check reads it. Each line that may not compile is expected to fail. */
async function calls(id: string, noun: 'suspension' | 'maintenance') {
  const api = useApi()
  const { name } = await api(`departments/${id}/`)
  const { results } = await api('departments/', { query: { search: 'x', page: 2 } })
  const texts: string[] = [name, results[0]!.name, (await api(`tenants/${id}/${noun}/`, { method: 'PUT' })).status]
  // @ts-expect-error The path does not exist.
  await api('nope/')
  // @ts-expect-error The path does not exist below a department.
  await api(`departments/${id}/nope/`)
  // @ts-expect-error The path has no GET.
  await api('users/bulk/')
  // @ts-expect-error The answer has no such field.
  texts.push((await api(`departments/${id}/`)).title)
  // @ts-expect-error The body has no such field.
  await api('departments/', { method: 'POST', body: { title: 'x' } })
  // @ts-expect-error The query has no such parameter.
  await api('departments/', { query: { sort: 'name' } })
  // @ts-expect-error The path does not exist.
  useApiData('nope', 'nope/')
  return texts
}

describe('the API as pages call it', () => {
  it('is typed by its routes', () => expect(calls).toBeTypeOf('function'))
})
