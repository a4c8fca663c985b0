/**
 * Refreshes every few seconds while something is in progress, and not while the page is in the background.
 * @param isUnderWay asked each time
 */
export function usePolling(refresh: () => Promise<unknown>, isUnderWay: () => boolean, seconds = 2) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  onMounted(wait)
  onBeforeUnmount(() => {
    isOver = true
    clearTimeout(timer)
  })

  function wait() {
    // The component may have been unmounted while the response was on its way.
    if (!isOver) timer = setTimeout(look, seconds * 1_000)
  }

  async function look() {
    if (isUnderWay() && !document.hidden) await refresh()
    wait()
  }
}
