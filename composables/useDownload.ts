/** Saves a file of the API. The browser fetches it by itself, so the tokens are renewed before, where they need it. */
export function useDownload() {
  const api = useApi()

  return async (path: string) => {
    await api('auth/users/me/')
    const link = document.createElement('a')
    link.href = `/api/v1/${path}`
    link.download = ''
    link.click()
  }
}
