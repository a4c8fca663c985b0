import { mountSuspended } from '@nuxt/test-utils/runtime'
import { beforeAll, describe, expect, it } from 'vitest'
import { useI18n } from '#imports'
import type { DirectoryUser } from '#shared/answers/users'
import ListPages from '~/components/list/ListPages.vue'
import type { PeopleColumn } from '~/components/people/PeopleList.vue'
import PeopleTable from '~/components/people/PeopleTable.vue'

beforeAll(() => useI18n().load(['portal']))

const ann: DirectoryUser = {
  id: 'a',
  email: 'ann@acme.test',
  first_name: 'Ann',
  last_name: 'Archer',
  photo: null,
  department: { id: 'd', name: 'Design' },
  role: 'Admin',
}
const ben: DirectoryUser = {
  ...ann,
  id: 'b',
  email: 'ben@acme.test',
  first_name: '',
  last_name: '',
  department: null,
  role: 'Staff',
  is_active: false,
}

const columns = ['email', 'department', 'role'] satisfies PeopleColumn[]

describe('the table of people', () => {
  const mountTable = (ordering = 'last_name') =>
    mountSuspended(PeopleTable, {
      route: false,
      props: {
        people: [ann, ben],
        columns,
        isAll: false,
        ordering,
        sortHref: (ordering: string) => `?ordering=${ordering}`,
      },
    })

  it('links each person and falls back to the address for a name', async () => {
    const table = await mountTable()
    const links = table.findAll('tbody a')
    expect(links.map(link => [link.attributes('href'), link.find('span:last-child').text()])).toEqual([
      ['/people/a', 'Ann Archer'],
      ['/people/b', 'ben@acme.test'],
    ])
  })

  it('says by what it is sorted, and a second click turns it round', async () => {
    const heading = (await mountTable('last_name')).find('th[aria-sort]')
    expect(heading.attributes('aria-sort')).toBe('ascending')
    expect(heading.find('a').attributes('href')).toBe('?ordering=-last_name')
    expect((await mountTable('-last_name')).find('th[aria-sort]').attributes('aria-sort')).toBe('descending')
  })

  it('stays a table to screen readers where its rows are cards', async () => {
    const table = await mountTable()
    expect(table.find('table').attributes('role')).toBe('table')
    expect(table.findAll('tr').every(row => row.attributes('role') === 'row')).toBe(true)
    expect(table.findAll('td').every(cell => cell.attributes('role') === 'cell')).toBe(true)
  })

  it('marks who is inactive', async () => {
    expect(
      (await mountTable()).findAll('tbody tr').map(row => row.find('td:last-child').text().replaceAll(/\s+/g, ' ')),
    ).toEqual(['Admin', 'StaffInactive'])
  })

  it('has a checkbox in each row where one may choose, which says whose it is and whether Shift was held', async () => {
    expect((await mountTable()).findAll('input')).toEqual([])
    const table = await mountSuspended(PeopleTable, {
      route: false,
      props: {
        people: [ann, ben],
        columns,
        isAll: false,
        ordering: '',
        sortHref: String,
        chosen: new Map([['b', ben]]),
      },
    })
    const boxes = table.findAll('input')
    expect(table.find('thead label').text()).toBe('Select all on this page')
    expect((boxes.shift()!.element as HTMLInputElement).indeterminate).toBe(true)
    expect(boxes.map(box => [box.attributes('aria-label'), (box.element as HTMLInputElement).checked])).toEqual([
      ['Select Ann Archer', false],
      ['Select ben@acme.test', true],
    ])
    await boxes[0]!.trigger('click', { shiftKey: true })
    expect(table.emitted('toggle')).toEqual([['a', true]])
  })
})

describe('the pages of a list', () => {
  const mountPages = (count: number, page: number) =>
    mountSuspended(ListPages, { route: false, props: { count, page, href: (page: number) => `?page=${page}` } })

  it('says where one is', async () => {
    expect((await mountPages(60, 3)).text()).toContain('51–60 of 60')
  })

  it('leads nowhere past either end', async () => {
    const links = async (page: number) => (await mountPages(60, page)).findAll('a').map(link => link.attributes('href'))
    expect(await links(1)).toEqual([undefined, '?page=2'])
    expect(await links(3)).toEqual(['?page=2', undefined])
  })

  it('needs no links for a single page', async () => {
    expect((await mountPages(3, 1)).findAll('a')).toEqual([])
  })
})
