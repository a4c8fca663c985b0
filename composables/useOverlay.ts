/** What lies over the dashboard, whatever its page: one thing at a time. */
export type Overlay = 'palette' | 'shortcuts' | 'person' | 'department'

/** layouts/dashboard.vue shows it. */
export function useOverlay() {
  const overlay = useState<Overlay | null>('overlay', () => null)
  return { overlay, close: () => { overlay.value = null } }
}
