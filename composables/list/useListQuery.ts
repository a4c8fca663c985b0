/** The state of a list in the URL, so that it survives reload and Back and can be shared as a link. */
export function useListQuery<Name extends string>(...names: Name[]) {
  type Query = Record<Name, string>
  const route = useRoute()

  const query = computed(() => Object.fromEntries(names.map(name => [name, firstText(route.query[name])])) as Query)

  /** The list's URL with changed state. Every change except of the page itself leads to the first page. */
  function href(changes: Partial<Query>): string {
    const next: Partial<Query> = { ...query.value, ...('page' in changes ? {} : { page: '' }), ...changes }
    const params = new URLSearchParams(
      Object.entries<string | undefined>(next).filter((entry): entry is [Name, string] => Boolean(entry[1])),
    )
    return params.size > 0 ? `${route.path}?${params}` : route.path
  }

  function change(changes: Partial<Query>) {
    return navigateTo(href(changes), { replace: true })
  }

  return { query, href, change }
}

function firstText(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : ''
}
