/** The dialogs that can be open over any page of the dashboard, one at a time. */
type OpenDialog = 'palette' | 'shortcuts' | 'person' | 'department'

/** The dialog that layouts/dashboard.vue shows. */
export function useOpenDialog() {
  const opened = useState<OpenDialog | null>('opened', () => null)

  function close() {
    opened.value = null
  }

  return { opened, close }
}
