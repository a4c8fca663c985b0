import { groupsOf } from '~~/i18n/groups'

/** @returns what loads a page's code, layout and texts, so that it opens without a wait later */
export function useLoadPage() {
  const nuxtApp = useNuxtApp()
  const router = useRouter()
  const { load } = useI18n()
  const { surface } = useHostInfo()

  return async (path: string): Promise<void> => {
    const { meta } = router.resolve(path)
    // Loads the layout.
    await nuxtApp.hooks.callHook('link:prefetch', path)
    // Without a connection, opening the page tries again.
    await Promise.allSettled([preloadRouteComponents(path, router), load(groupsOf(surface, meta))])
  }
}
