import type { Page } from '#shared/types/page'

type Change<Row> = (rows: Row[]) => Row[]

/**
 * A list that shows what is done to it at once, and takes it back, with a notice, where the server refuses or is not
 * reached. For what is hardly ever refused and does no harm if it was; a form waits, as its refusals belong at its
 * fields.
 * @param list as it was loaded, and `refresh` loads it again
 */
export function useOptimistic<Row>(list: Ref<Page<Row> | undefined>, refresh: () => Promise<unknown>) {
  const { notify } = useNotices()
  const { tell } = useAction()
  const changes = shallowRef<Change<Row>[]>([])
  const shown = computed(() => list.value && changes.value.reduce(changed, list.value))

  /**
   * @param change what the rows will be
   * @param work makes it so
   * @param done says that it is so
   */
  async function apply(change: Change<Row>, work: () => Promise<unknown>, done: string): Promise<void> {
    changes.value = [...changes.value, change]
    const settle = () => (changes.value = changes.value.filter(other => other !== change))
    try {
      await work()
    } catch (error) {
      settle()
      // Who refuses knows more than the list did.
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
