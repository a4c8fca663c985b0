import type { Page } from '#shared/answers/fields'

type Change<Row> = (rows: Row[]) => Row[]

/**
 * A list that shows a change at once, and undoes it with a notice if the server refuses it or is not reached. For
 * changes that are rarely refused and are safe to undo. A form waits instead, as it shows errors at its fields.
 * @param list as loaded
 * @param refresh loads it again
 */
export function useOptimistic<Row>(list: Ref<Page<Row> | undefined>, refresh: () => Promise<unknown>) {
  const { notify } = useNotices()
  const { tell } = useAction()
  const changes = shallowRef<Change<Row>[]>([])
  const shown = computed(() => list.value && changes.value.reduce(changed, list.value))

  /**
   * @param change what the rows will be
   * @param work makes the change on the server
   * @param done the message of success
   */
  async function apply(change: Change<Row>, work: () => Promise<unknown>, done: string): Promise<void> {
    changes.value = [...changes.value, change]
    const settle = () => (changes.value = changes.value.filter(other => other !== change))
    try {
      await work()
    } catch (error) {
      settle()
      // A refusal means that the list is out of date.
      if (tell(error).status > 0) await refresh()
      return
    }
    notify(done)
    await refresh()
    settle()
  }

  return { shown, apply }
}

function changed<Row>(page: Page<Row>, change: Change<Row>): Page<Row> {
  const results = change(page.results)
  return { ...page, results, count: page.count - page.results.length + results.length }
}
