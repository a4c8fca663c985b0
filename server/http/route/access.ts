import type { Permission } from '#shared/permissions.ts'

/**
 * Who may call; there is no default. `'public'` and `'signed-in'` are literals, so that a text search finds them; a
 * permission is a function from shared/permissions.ts.
 */
export type Access = 'public' | 'signed-in' | Permission
