import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { windowOf } from '#server/http/list.ts'

describe('the part of a list that is shown', () => {
  it.each([
    [{}, { page: 1, limit: 25, offset: 0 }],
    [{ page: '1' }, { page: 1, limit: 25, offset: 0 }],
    [
      { page: '3', page_size: '10' },
      { page: 3, limit: 10, offset: 20 },
    ],
    [{ page: '007' }, { page: 7, limit: 25, offset: 150 }],
    [{ page_size: '100' }, { page: 1, limit: 100, offset: 0 }],
    [{ page_size: '101' }, { page: 1, limit: 100, offset: 0 }],
    [{ page_size: '9'.repeat(400) }, { page: 1, limit: 100, offset: 0 }],
    [{ page_size: '0' }, { page: 1, limit: 25, offset: 0 }],
    [{ page_size: '-1' }, { page: 1, limit: 25, offset: 0 }],
    [{ page_size: '1.5' }, { page: 1, limit: 25, offset: 0 }],
    [{ page_size: '\u0661\u0660' }, { page: 1, limit: 25, offset: 0 }],
  ])('of %j is %j', (query, window) => {
    expect(windowOf(query)).toEqual(window)
  })

  it.each(['0', '-1', '', ' ', '1 ', 'x', '1.0', '1e1', '0x1', '+1', '99999999', 'Infinity', '\u0661', '1\n'])(
    'has no page %j',
    page => {
      expect(() => windowOf({ page })).toThrow(
        expect.objectContaining({ status: 404, body: { detail: 'Invalid page.' } }),
      )
    },
  )

  it('is bounded whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
        fc.option(fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)), { nil: undefined }),
        (page_size, page) => {
          try {
            const { limit, offset } = windowOf({ page, page_size })
            expect(limit).toBeGreaterThanOrEqual(1)
            expect(limit).toBeLessThanOrEqual(100)
            expect(offset).toBeGreaterThanOrEqual(0)
            expect(offset).toBeLessThan(2 ** 31)
            expect(Number.isSafeInteger(offset)).toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ status: 404 })
          }
        },
      ),
    )
  })
})

describe('the order of a list', () => {
  const query = listQuery(['name', 'created'], ['name'])

  it.each([
    ['name', ['name']],
    ['-name', ['-name']],
    ['-created,name', ['-created', 'name']],
    [' name , -created ', ['name', '-created']],
    ['', []],
    [',', []],
  ])('is of the fields that it names: %j', (ordering, fields) => {
    expect(query.parse({ ordering }).ordering).toEqual(fields)
  })

  it.each([
    'password',
    '--name',
    'name;',
    'name desc',
    'NAME',
    '-',
    '+name',
    'name,password',
    '__proto__',
    'constructor',
    'toString',
    '(select 1)',
  ])('is of no other: %j', ordering => {
    expect(query.safeParse({ ordering })).toMatchObject({
      success: false,
      error: { issues: [{ path: ['ordering'], message: 'Choose from: name, created.' }] },
    })
  })
})
