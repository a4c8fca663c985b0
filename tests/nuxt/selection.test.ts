import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'
import { useSelection } from '~/composables/list/useSelection'

const rowsOf = (ids: string) => [...ids].map(id => ({ id }))
const five = rowsOf('abcde')

describe('what is chosen of a list', () => {
  it('is added and taken away one by one', () => {
    const { chosen, toggle } = useSelection(five)
    toggle('b', false)
    toggle('d', false)
    toggle('b', false)
    expect([...chosen.value.keys()]).toEqual(['d'])
  })

  it('is a range with Shift, from the row before, up or down, and as the row that was clicked', () => {
    const { chosen, toggle } = useSelection(five)
    toggle('d', false)
    toggle('b', true)
    expect([...chosen.value.keys()].sort()).toEqual(['b', 'c', 'd'])
    toggle('c', true)
    expect([...chosen.value.keys()].sort()).toEqual(['d'])
    toggle('e', true)
    expect([...chosen.value.keys()].sort()).toEqual(['c', 'd', 'e'])
  })

  it('is the row alone with Shift where none was clicked before', () => {
    const { chosen, toggle } = useSelection(five)
    toggle('c', true)
    expect([...chosen.value.keys()]).toEqual(['c'])
  })

  it('is all or none of the page at once', () => {
    const { chosen, isAll, toggle, toggleAll } = useSelection(five)
    toggle('a', false)
    expect(isAll.value).toBe(false)
    toggleAll()
    expect([[...chosen.value.values()], isAll.value]).toEqual([five, true])
    toggleAll()
    expect([chosen.value.size, isAll.value]).toEqual([0, false])
  })

  it('is kept over pages, with the newest rows', async () => {
    const rows = ref<{ id: string; name?: string }[]>(five)
    const { chosen, isAll, toggle, toggleAll } = useSelection(rows)
    toggleAll()
    rows.value = rowsOf('fg')
    await nextTick()
    expect([chosen.value.size, isAll.value]).toEqual([5, false])
    // The row that was clicked last may be on another page.
    toggle('f', true)
    rows.value = [{ id: 'a', name: 'new' }, ...rowsOf('b')]
    await nextTick()
    expect([chosen.value.size, isAll.value, chosen.value.get('a')]).toEqual([6, true, { id: 'a', name: 'new' }])
    toggleAll()
    expect([...chosen.value.keys()]).toEqual(['c', 'd', 'e', 'f'])
  })

  it('is dropped with another filter', async () => {
    const scope = ref('all')
    const { chosen, toggleAll } = useSelection(five, scope)
    toggleAll()
    scope.value = 'admins'
    await nextTick()
    expect(chosen.value.size).toBe(0)
  })

  it('can be everything on all pages, unless the filter changes meanwhile', async () => {
    const scope = ref('all')
    const { chosen, selectEverything, keep } = useSelection(five, scope)
    const load = (page: number) =>
      Promise.resolve({ count: 7, next: page < 3 ? 'next' : null, previous: null, results: rowsOf(`${page}x${page}`) })
    await selectEverything(load)
    expect([...chosen.value.keys()]).toEqual(['1', 'x', '2', '3'])
    keep(['x'])
    expect([...chosen.value.keys()]).toEqual(['x'])
    keep([])
    await selectEverything(page => {
      if (page === 2) scope.value = 'admins'
      return load(page)
    })
    expect(chosen.value.has('2')).toBe(false)
  })
})
