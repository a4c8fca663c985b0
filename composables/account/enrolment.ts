import { safeRedirect } from '#shared/redirect'

/** Where a session that may be used for nothing else adds a second factor. */
export const enrolmentPath = '/enrol'

/** Goes there, and from there to where the user wanted to go. */
export function enrol(target: string) {
  return navigateTo({ path: enrolmentPath, query: target === '/' ? {} : { redirect: safeRedirect(target) } })
}
