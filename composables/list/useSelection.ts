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
    const all = toValue(ids)
    const [from, to] = [all.indexOf(anchor ?? id), all.indexOf(id)].sort((a, b) => a - b)
    const range = isRange && from !== -1 ? all.slice(from, to! + 1) : [id]
    const isChosen = !chosen.value.has(id)
    const next = new Set(chosen.value)
    for (const one of range) {
      if (isChosen) next.add(one)
      else next.delete(one)
    }
    chosen.value = next
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
