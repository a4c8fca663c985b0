/**
 * The columns of a list that a person has chosen.
 * @param list its name
 * @param all in their order
 * @param usual where nothing was chosen
 */
export function useColumns<Column extends string>(list: string, all: readonly Column[], usual: readonly Column[]) {
  const kept = useKept(`columns_${list}`, usual.join('.'))
  const chosen = computed(() => {
    const names = new Set(kept.value.split('.'))
    return all.filter(name => names.has(name))
  })

  function toggle(column: Column) {
    const names = all.filter(name => chosen.value.includes(name) !== (name === column))
    // An empty cookie would be none.
    kept.value = names.join('.') || 'none'
  }

  return { chosen, toggle }
}
