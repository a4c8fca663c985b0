/** The state of an audit page: filters and page in the URL, and the events that match. */
export function useAuditRecord() {
  const { query, href, change } = useListQuery('action', 'search', 'actor', 'subject', 'since', 'until', 'page')
  const { data: events, error, status, refresh } = useApiData('audit', 'audit/', { query })
  const download = useDownload()

  function save() {
    const { page, ...filters } = query.value
    return download(`audit/export.csv?${new URLSearchParams(Object.entries(filters).filter(([, value]) => value))}`)
  }

  return { query, href, change, events, error, isPending: computed(() => status.value === 'pending'), refresh, save }
}

export type AuditQuery = ReturnType<typeof useAuditRecord>['query']['value']
