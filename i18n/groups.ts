import type { Surface } from '#shared/types/surface.ts'

/** A group of texts, which a file in each language's folder combines; the browser loads those that a page needs. */
export type TextGroup = 'everywhere' | 'dashboard' | 'step' | 'security' | Surface

/**
 * The groups that a page needs besides `everywhere`.
 * @param meta the page's
 */
export function groupsOf(
  surface: Surface | 'nowhere',
  { public: isPublic = false, texts = [] }: { public?: boolean; texts?: TextGroup[] },
): TextGroup[] {
  if (surface === 'site') return ['site']
  return isPublic || surface === 'nowhere' ? texts : ['dashboard', surface, ...texts]
}
