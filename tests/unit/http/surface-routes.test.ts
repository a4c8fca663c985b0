import { describe, expect, it } from 'vitest'
import { surfaceRoutes } from '../../../app/surface-routes.ts'

const component = {}
const scanned = [
  '/site',
  '/site/find',
  '/portal',
  '/portal/people',
  '/portal/people/:id()',
  '/portals',
  '/console',
  '/console/tenants',
].map(path => ({ path, name: path, component }))

describe('the pages of a surface', () => {
  it.each([
    ['site', ['/', '/find']],
    ['portal', ['/', '/people', '/people/:id()']],
    ['console', ['/', '/tenants']],
    ['nowhere', []],
  ])('are its own, at the root: %s', (surface, paths) => {
    expect(surfaceRoutes(surface, scanned).map(route => route.path)).toEqual(paths)
  })

  it('leave what was scanned as it is, for the next request on another host', () => {
    surfaceRoutes('portal', scanned)
    expect(scanned[2]!.path).toBe('/portal')
  })
})
