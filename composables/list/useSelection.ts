/**
 * The ids of the selected rows of a page. Shift selects the range from the last clicked row.
 * @param ids of the rows, in order; rows that leave the page are deselected
 */
export function useSelection(ids: MaybeRefOrGetter<string[]>) {
  const chosen = ref<ReadonlySet<string>>(new Set())
  let anchor: string | undefined

  const isAll = computed(() => chosen.value.size > 0 && chosen.value.size === toValue(ids).length)

  watch(
    () => toValue(ids),
    now => {
      if (chosen.value.size > 0) chosen.value = new Set(now.filter(id => chosen.value.has(id)))
    },
  )

  function toggle(id: string, isRange: boolean) {
    const changed = isRange ? rangeOf(toValue(ids), anchor ?? id, id) : [id]
    const all = [...chosen.value]
    chosen.value = new Set(chosen.value.has(id) ? all.filter(one => !changed.includes(one)) : [...all, ...changed])
    anchor = id
  }

  function toggleAll() {
    chosen.value = new Set(isAll.value ? [] : toValue(ids))
  }

  function clear() {
    chosen.value = new Set()
  }

  return { chosen, isAll, toggle, toggleAll, clear }
}

/** The ids from one to the other; only the second where the first is not there any more. */
function rangeOf(ids: string[], from: string, to: string): string[] {
  const [first, last] = [ids.indexOf(from), ids.indexOf(to)].sort((a, b) => a - b)
  return first === -1 ? [to] : ids.slice(first, last! + 1)
}
