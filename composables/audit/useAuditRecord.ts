/** The state of an audit page: filters and page in the URL, and the events that match. */
export function useAuditRecord() {
  const { query, href, change } = useListQuery('action', 'search', 'actor', 'subject', 'since', 'until', 'page')
  const zone = useTimeZone()
  const dated = computed(() => ({
    ...query.value,
    time_zone: query.value.since || query.value.until ? zone.value : undefined,
  }))
  const { data: events, error, status, refresh } = useApiData('audit', 'audit/', { query: dated })
  const download = useDownload()

  function save() {
    const { page, ...filters } = dated.value
    return download(
      `audit/export.csv?${new URLSearchParams(Object.entries(filters).filter((entry): entry is [string, string] => Boolean(entry[1])))}`,
      { isSensitive: true },
    )
  }

  return { query, href, change, events, error, isPending: computed(() => status.value === 'pending'), refresh, save }
}

export type AuditQuery = ReturnType<typeof useAuditRecord>['query']['value']
