import type { NavigationItem } from './useNavigation'

/** The Network Information API, which not all browsers have. */
interface Line {
  saveData?: boolean
  effectiveType?: string
}

/**
 * When the browser is idle, loads the code of the menu's first pages and of the command palette, so that no key is lost
 * between opening it and typing into it.
 */
export function useLoadAhead(pages: Ref<NavigationItem[]>) {
  onNuxtReady(() => {
    // On a slow line it would delay what the user has asked for.
    const { saveData = false, effectiveType = '4g' } = (navigator as { connection?: Line }).connection ?? {}
    if (saveData || ['slow-2g', '2g', '3g'].includes(effectiveType)) return
    // The rest of the menu is opened less often than its code would cost.
    for (const { to } of pages.value.slice(0, 3)) void preloadRouteComponents(to)
    void import('~/components/shell/CommandPalette.vue')
  })
}
