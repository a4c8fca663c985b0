import { ApiFailure } from '#shared/api-failure'
import type { BulkResult, DirectoryUser, TenantRole } from '#shared/answers/users'
import { bulkLimit } from '#shared/people/bulk-limit'

export const bulkActions = ['move', 'set_role', 'deactivate', 'reactivate', 'send_link'] as const
export type BulkAction = (typeof bulkActions)[number]

/** An action with its target. */
export interface BulkChange {
  action: BulkAction
  department?: string | null
  role?: TenantRole
}

/** Runs bulk actions; `done` counts the people of the current one who are finished. */
export function usePeopleBulk() {
  const api = useApi()
  const done = ref(0)

  /**
   * Runs the action on as many people at once as the API accepts. If a later request fails, the rest counts as refused.
   * @throws ApiFailure if the first request fails
   */
  async function run(change: BulkChange, people: DirectoryUser[]): Promise<BulkResult[]> {
    const results: BulkResult[] = []
    done.value = 0
    while (results.length < people.length) {
      const ids = people.slice(results.length, results.length + bulkLimit).map(({ id }) => id)
      try {
        results.push(...(await api('users/bulk/', { method: 'POST', body: { ...change, ids } })).results)
      } catch (error) {
        if (!(error instanceof ApiFailure) || results.length === 0) throw error
        return [...results, ...people.slice(results.length).map(person => refusalOf(person, error))]
      }
      done.value = results.length
    }
    return results
  }

  return { run, done }
}

function refusalOf({ id, email }: DirectoryUser, { message }: ApiFailure): BulkResult {
  return { id, email, status: 'refused', detail: message }
}

/**
 * The actions that give people back what an action has changed; none if it cannot be undone.
 * @param people as they were before
 */
export function undoOf(action: BulkAction, people: DirectoryUser[]): { change: BulkChange; people: DirectoryUser[] }[] {
  switch (action) {
    case 'move':
      return groupsOf(people, ({ department }) => ({ action, department: department?.id ?? null }))
    case 'set_role':
      return groupsOf(people, ({ role }) => ({ action, role: role === 'Admin' ? 'Admin' : 'Staff' }))
    case 'deactivate':
    case 'reactivate':
      return groupsOf(people, () => ({ action: opposites[action] }))
    case 'send_link':
      return []
  }
}

const opposites = { deactivate: 'reactivate', reactivate: 'deactivate' } as const

function groupsOf(people: DirectoryUser[], changeOf: (person: DirectoryUser) => BulkChange) {
  const groups = new Map<string, { change: BulkChange; people: DirectoryUser[] }>()
  for (const person of people) {
    const change = changeOf(person)
    const key = JSON.stringify(change)
    groups.set(key, { change, people: [...(groups.get(key)?.people ?? []), person] })
  }
  return [...groups.values()]
}
