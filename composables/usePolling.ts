/**
 * Asks again every few seconds while something is under way, and not while the page is in the background.
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
    // The page may have been left while the answer was on its way.
    if (!isOver) timer = setTimeout(look, seconds * 1_000)
  }

  async function look() {
    if (isUnderWay() && !document.hidden) await refresh()
    wait()
  }
}
