import { useNetwork } from '@vueuse/core'
import type { NavigationItem } from './useNavigation'

/**
 * When the browser is idle, loads the code of the menu's first pages and of the command palette, so that no key is lost
 * between opening it and typing into it.
 */
export function useLoadAhead(pages: Ref<NavigationItem[]>) {
  const { saveData, effectiveType } = useNetwork()

  onNuxtReady(() => {
    // On a slow line it would delay what the user has asked for.
    if (saveData.value || ['slow-2g', '2g', '3g'].includes(effectiveType.value ?? '4g')) return
    // The rest of the menu is opened less often than its code would cost.
    for (const { to } of pages.value.slice(0, 3)) void preloadRouteComponents(to)
    void import('~/components/shell/CommandPalette.vue')
  })
}
