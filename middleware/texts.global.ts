import { groupsOf } from '~~/i18n/groups'

/** Loads the texts that the page needs, before it is shown. */
export default defineNuxtRouteMiddleware(async to => {
  if (to.matched.length > 0) await useI18n().load(groupsOf(useHostInfo().surface, to.meta))
})
