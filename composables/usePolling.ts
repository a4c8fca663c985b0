import { useTimeoutPoll } from '@vueuse/core'

/**
 * Refreshes every few seconds while something is in progress, and not while the page is in the background.
 * @param isUnderWay asked each time
 */
export function usePolling(refresh: () => Promise<unknown>, isUnderWay: () => boolean, seconds = 2) {
  useTimeoutPoll(async () => {
    if (isUnderWay() && !document.hidden) await refresh()
  }, seconds * 1_000)
}
