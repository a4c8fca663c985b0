import { sitePlace } from '../data/mails.ts'
import type { Route } from '../routes.ts'
import type { Place } from '../world.ts'
import type { Caller } from './callers.ts'
import type { Setting } from './setting.ts'
import { targetsOf } from './targets.ts'
import type { Target, Verdict } from './verdicts.ts'
import { credentialRoutes, isRegistration, nameOf, verdictOf } from './verdicts.ts'

/** A request of the matrix, and the answer that it must get. */
export interface Case {
  route: Route
  caller: Caller
  target: Target
  verdict: Verdict
}

/** Every combination of route, caller and target that can make a difference. */
export function casesOf(route: Route, caller: Caller, setting: Setting): Case[] {
  if (!concerns(route, caller)) return []
  const kinds = kindsOf(route, caller, setting).filter(kind => kind !== 'own' || caller.person)
  const cases = kinds.map(target => ({ route, caller, target, verdict: verdictOf(route, caller, target) }))
  // Whoever is refused for what they are is refused whatever they name.
  const isAlike = caller.isClosed || (caller.refusal !== undefined && route.access !== 'public')
  return !isOpen(route, caller) || isAlike ? cases.slice(0, 1) : cases
}

/** The place whose objects a request is about: the caller's, if the route is on it. */
export function placeOf({ surfaces }: Route, { surface }: Caller, { world }: Setting): Place {
  if (surface === 'portal' || !surfaces.includes(surface)) return world.acme
  return surface === 'console' ? world.console : sitePlace(world)
}

function kindsOf(route: Route, caller: Caller, setting: Setting): Target[] {
  if (!credentialRoutes.includes(nameOf(route))) return targetsOf(route, placeOf(route, caller, setting), setting).kinds
  return caller.surface === 'site' ? ['same', 'absent'] : ['same', 'other', 'absent']
}

function isOpen({ surfaces }: Route, { surface }: Caller): boolean {
  return surfaces.includes(surface)
}

function concerns(route: Route, caller: Caller): boolean {
  const isPublic = route.access === 'public' && !isRegistration(route)
  return (isOpen(route, caller) && !isPublic) || caller.isClosed === true || caller.represents === true
}
