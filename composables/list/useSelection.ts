import type { Page } from '#shared/answers/fields'

/**
 * The selected rows of a list, kept over its pages. Shift selects the range from the last clicked row.
 * @param rows of the current page, in order
 * @param scope of the list, such as its filters; a change deselects everything
 */
export function useSelection<Row extends { id: string }>(
  rows: MaybeRefOrGetter<Row[]>,
  scope: MaybeRefOrGetter<string> = '',
) {
  const chosen = shallowRef<ReadonlyMap<string, Row>>(new Map())
  let anchor: string | undefined

  const isAll = computed(() => toValue(rows).length > 0 && toValue(rows).every(({ id }) => chosen.value.has(id)))

  // Reloaded rows may have changed.
  watch(
    () => toValue(rows),
    now => select(now.filter(({ id }) => chosen.value.has(id))),
  )
  watch(
    () => toValue(scope),
    () => keep([]),
  )

  function toggle(id: string, isRange: boolean) {
    const changed = isRange ? rangeOf(toValue(rows), anchor ?? id, id) : toValue(rows).filter(row => row.id === id)
    if (chosen.value.has(id)) deselect(changed)
    else select(changed)
    anchor = id
  }

  function toggleAll() {
    if (isAll.value) deselect(toValue(rows))
    else select(toValue(rows))
  }

  /** Selects the rows of all pages, one page after another, unless the scope changes meanwhile. */
  async function selectEverything(load: (page: number) => Promise<Page<Row>>) {
    const started = toValue(scope)
    for (let page = 1; ; page++) {
      const { results, next } = await load(page)
      if (toValue(scope) !== started) return
      select(results)
      if (next === null) return
    }
  }

  function select(more: Row[]) {
    if (more.length > 0) chosen.value = new Map([...chosen.value, ...more.map(row => [row.id, row] as const)])
  }

  function deselect(fewer: Row[]) {
    const gone = new Set(fewer.map(({ id }) => id))
    chosen.value = new Map([...chosen.value].filter(([id]) => !gone.has(id)))
  }

  /** Deselects all rows but these. */
  function keep(ids: string[]) {
    chosen.value = new Map([...chosen.value].filter(([id]) => ids.includes(id)))
  }

  return { chosen, isAll, toggle, toggleAll, selectEverything, keep }
}

/** The rows from one to the other; only the second where the first is on another page. */
function rangeOf<Row extends { id: string }>(rows: Row[], from: string, to: string): Row[] {
  const [one, other] = [from, to].map(id => rows.findIndex(row => row.id === id)) as [number, number]
  return one === -1 ? rows.filter(({ id }) => id === to) : rows.slice(Math.min(one, other), Math.max(one, other) + 1)
}
