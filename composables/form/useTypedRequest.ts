import { useTimeoutFn } from '@vueuse/core'

/**
 * Sends a request some time after the last key press. A newer one, or the end of the component, aborts it.
 * @param pause milliseconds
 * @param send sends it; its answer is of no use any more when the signal is aborted
 */
export function useTypedRequest<Input>(pause: number, send: (input: Input, signal: AbortSignal) => unknown) {
  let running: AbortController | undefined
  const { start, stop } = useTimeoutFn(
    (input: Input) => {
      running = new AbortController()
      return send(input, running.signal)
    },
    pause,
    { immediate: false },
  )

  function cancel() {
    stop()
    running?.abort()
  }

  function request(input: Input) {
    cancel()
    start(input)
  }

  onScopeDispose(cancel)
  return { request, cancel }
}
