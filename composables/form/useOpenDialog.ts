/** What lies over the dashboard, whatever its page: one thing at a time. */
type OpenDialog = 'palette' | 'shortcuts' | 'person' | 'department'

/** layouts/dashboard.vue shows it. */
export function useOpenDialog() {
  const opened = useState<OpenDialog | null>('opened', () => null)

  function close() {
    opened.value = null
  }

  return { opened, close }
}
