export interface Notice {
  id: number
  title: string
  text?: string
  tone: 'success' | 'error'
  /** A button, which also dismisses the notice. */
  action?: { label: string; run: () => unknown }
}

/** Short messages at the edge of the page; components/shell/NoticeList.vue shows them. */
export function useNotices() {
  const notices = useState<Notice[]>('notices', () => [])

  function notify(title: string, options: Partial<Pick<Notice, 'text' | 'tone' | 'action'>> = {}) {
    const id = (notices.value.at(-1)?.id ?? 0) + 1
    notices.value = [...notices.value.slice(-2), { id, title, tone: 'success', ...options }]
  }

  function dismiss(id: number) {
    notices.value = notices.value.filter(notice => notice.id !== id)
  }

  return { notices, notify, dismiss }
}
