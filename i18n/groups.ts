import type { Surface } from '#shared/types/surface.ts'

/** A group of texts, which a file in each language's folder combines; the browser loads those that a page needs. */
export type TextGroup = 'everywhere' | 'dashboard' | Surface

/** The groups that a page needs besides `everywhere`: signing in needs no others. */
export function groupsOf(surface: Surface | 'nowhere', isPublic: boolean): TextGroup[] {
  if (surface === 'site') return ['site']
  return isPublic || surface === 'nowhere' ? [] : ['dashboard', surface]
}
