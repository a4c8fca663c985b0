/**
 * Downloads a file of the API. The browser fetches it directly, whatever its size, and shows no refusal. So before
 * that, the tokens are refreshed if needed, and users confirm that it is them where the file's route requires it.
 */
export function useDownload() {
  const api = useApi()
  const { act } = useAction()

  /** @param options `isSensitive`: the route needs reauthentication */
  return async (path: string, { isSensitive = false } = {}) => {
    if (await act(() => api(isSensitive ? 'auth/reauthentication/' : 'auth/users/me/'))) save(`/api/v1/${path}`)
  }
}

function save(href: string) {
  const link = document.createElement('a')
  link.href = href
  link.download = ''
  link.click()
}
