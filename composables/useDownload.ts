/** Downloads a file of the API. The browser fetches it directly, so the tokens are refreshed before if needed. */
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
