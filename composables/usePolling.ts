/**
 * Asks again every few seconds while something is under way, and not while the page is in the background.
 * @param isUnderWay asked each time
 */
export function usePolling(refresh: () => Promise<unknown>, isUnderWay: () => boolean, seconds = 2) {
  let timer: ReturnType<typeof setTimeout> | undefined

  async function look() {
    if (isUnderWay() && !document.hidden) await refresh()
    timer = setTimeout(look, seconds * 1_000)
  }

  onMounted(() => timer = setTimeout(look, seconds * 1_000))
  onBeforeUnmount(() => clearTimeout(timer))
}
