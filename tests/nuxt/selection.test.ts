import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'
import { useSelection } from '~/composables/list/useSelection'

const five = ['a', 'b', 'c', 'd', 'e']

describe('what is chosen of a list', () => {
  it('is added and taken away one by one', () => {
    const { chosen, toggle } = useSelection(five)
    toggle('b', false)
    toggle('d', false)
    toggle('b', false)
    expect([...chosen.value]).toEqual(['d'])
  })

  it('is a range with Shift, from the row before, up or down, and as the row that was clicked', () => {
    const { chosen, toggle } = useSelection(five)
    toggle('d', false)
    toggle('b', true)
    expect([...chosen.value].sort()).toEqual(['b', 'c', 'd'])
    toggle('c', true)
    expect([...chosen.value].sort()).toEqual(['d'])
    toggle('e', true)
    expect([...chosen.value].sort()).toEqual(['c', 'd', 'e'])
  })

  it('is the row alone with Shift where none was clicked before', () => {
    const { chosen, toggle } = useSelection(five)
    toggle('c', true)
    expect([...chosen.value]).toEqual(['c'])
  })

  it('is all or none at once', () => {
    const { chosen, isAll, toggle, toggleAll } = useSelection(five)
    toggle('a', false)
    expect(isAll.value).toBe(false)
    toggleAll()
    expect([[...chosen.value], isAll.value]).toEqual([five, true])
    toggleAll()
    expect([[...chosen.value], isAll.value]).toEqual([[], false])
  })

  it('loses what leaves the page', async () => {
    const ids = ref(five)
    const { chosen, isAll, toggle, toggleAll } = useSelection(ids)
    toggleAll()
    ids.value = ['d', 'e', 'f']
    await nextTick()
    expect([[...chosen.value], isAll.value]).toEqual([['d', 'e'], false])
    // The row that was clicked last may be gone.
    toggle('a', false)
    toggle('f', true)
    expect(chosen.value.has('f')).toBe(true)
  })
})
