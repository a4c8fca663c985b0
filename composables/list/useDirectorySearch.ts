import { ApiFailure } from '#shared/api-failure'
import { nameOf } from '#shared/person-name'
import type { CommandGroup } from '../shell/useCommands'

/** Searches the directory, or the tenants on the console, while the user types. */
export function useDirectorySearch(text: Ref<string>) {
  const groups = shallowRef<CommandGroup[]>([])
  const state = ref<'idle' | 'searching' | 'failed'>('idle')
  const search = useSearch()
  let running: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  watch(
    () => text.value.trim(),
    words => {
      clearTimeout(timer)
      running?.abort()
      state.value = words.length < 2 ? 'idle' : 'searching'
      if (words.length < 2) groups.value = []
      else timer = setTimeout(run, 200, words)
    },
  )
  onBeforeUnmount(() => {
    clearTimeout(timer)
    running?.abort()
  })

  async function run(words: string) {
    const { signal } = (running = new AbortController())
    try {
      const found = await search(words, signal)
      if (signal.aborted) return
      groups.value = found
      state.value = 'idle'
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiFailure)) throw error
      groups.value = []
      state.value = 'failed'
    }
  }

  return { groups, state }
}

function useSearch(): (words: string, signal: AbortSignal) => Promise<CommandGroup[]> {
  const api = useApi()
  const { t } = useI18n()

  const searchPortal = async (search: string, signal: AbortSignal) => {
    const [people, departments] = await Promise.all([
      api('users/', { query: { search, page_size: 6 }, signal }),
      api('departments/', { query: { search, page_size: 4 }, signal }),
    ])
    return [
      {
        title: t('shell.palette.people'),
        commands: people.results.map(person => ({
          id: person.id,
          label: nameOf(person),
          note: person.department?.name ?? person.email,
          icon: 'icon-circle-user',
          to: `/people/${person.id}`,
        })),
      },
      {
        title: t('shell.palette.departments'),
        commands: departments.results.map(({ id, name }) => ({
          id,
          label: name,
          icon: 'icon-network',
          to: `/departments/${id}`,
        })),
      },
    ]
  }

  const searchConsole = async (search: string, signal: AbortSignal) => {
    const { results } = await api('tenants/', { query: { search, page_size: 6 }, signal })
    return [
      {
        title: t('shell.palette.tenants'),
        commands: results.map(({ id, name, subdomain }) => ({
          id,
          label: name,
          note: subdomain,
          icon: 'icon-building-2',
          to: `/tenants?search=${encodeURIComponent(subdomain)}`,
        })),
      },
    ]
  }

  return useHostInfo().surface === 'console' ? searchConsole : searchPortal
}
