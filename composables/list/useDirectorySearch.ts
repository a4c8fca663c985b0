import { ApiFailure } from '#shared/api-failure'
import { canSupportTenants } from '#shared/permissions'
import { nameOf } from '#shared/people/person-name'
import type { DirectoryUser } from '#shared/answers/users'
import type { Command, CommandGroup } from '../shell/useCommands'
import type { Api } from '../useApi'

/** Searches the directory, or the tenants on the console, while the user types. */
export function useDirectorySearch(text: Ref<string>) {
  const groups = shallowRef<CommandGroup[]>([])
  const state = ref<'idle' | 'searching' | 'failed'>('idle')
  const search = useSearch()
  const { request, cancel } = useTypedRequest(200, async (words: string, signal) => {
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
  })

  watch(
    () => text.value.trim(),
    words => {
      state.value = words.length < 2 ? 'idle' : 'searching'
      if (words.length >= 2) return request(words)
      cancel()
      groups.value = []
    },
  )

  return { groups, state }
}

type Search = (words: string, signal: AbortSignal) => Promise<CommandGroup[]>

function useSearch(): Search {
  const api = useApi()
  const { t } = useI18n()
  const mayFindPeople = usePermission(canSupportTenants)
  return useHostInfo().surface === 'console' ? searchConsole(api, t, mayFindPeople.value) : searchPortal(api, t)
}

type Translate = ReturnType<typeof useI18n>['t']

function searchPortal(api: Api, t: Translate): Search {
  return async (search, signal) => {
    const [people, departments] = await Promise.all([
      api('users/', { query: { search, page_size: 6 }, signal }),
      api('departments/', { query: { search, page_size: 4 }, signal }),
    ])
    return [
      { title: t('shell.palette.people'), commands: people.results.map(openPerson) },
      { title: t('shell.palette.departments'), commands: departments.results.map(openDepartment) },
    ]
  }
}

function openPerson(person: DirectoryUser): Command {
  return {
    id: person.id,
    label: nameOf(person),
    note: person.department?.name ?? person.email,
    icon: 'icon-circle-user',
    to: `/people/${person.id}`,
  }
}

function openDepartment({ id, name }: { id: string; name: string }): Command {
  return { id, label: name, icon: 'icon-network', to: `/departments/${id}` }
}

/** @param mayFindPeople whether to offer a search of all organisations' people, which starts when it is chosen */
function searchConsole(api: Api, t: Translate, mayFindPeople: boolean): Search {
  return async (search, signal) => {
    const { results } = await api('tenants/', { query: { search, page_size: 6 }, signal })
    const groups = [{ title: t('shell.palette.tenants'), commands: results.map(findTenant) }]
    return mayFindPeople && search.length >= 3 ? [...groups, findPeople(t, search)] : groups
  }
}

function findPeople(t: Translate, search: string): CommandGroup {
  const to = `/people?search=${encodeURIComponent(search)}`
  const label = t('shell.palette.find_person', { search })
  return { title: t('shell.palette.people'), commands: [{ id: 'find-people', label, icon: 'icon-user-search', to }] }
}

function findTenant({ id, name, subdomain }: { id: string; name: string; subdomain: string }): Command {
  return {
    id,
    label: name,
    note: subdomain,
    icon: 'icon-building-2',
    to: `/tenants/${id}`,
  }
}
