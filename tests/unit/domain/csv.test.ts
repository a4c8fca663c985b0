import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvFile, plainCell, splitCsv } from '#shared/csv.ts'

const cell = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ',', ';', '"', '\n', '\r\n', '=', '-', '@', "'") })
const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 })

describe('a CSV file made in the browser', () => {
  test('is read back as it was, and starts no formula', () => {
    fc.assert(
      fc.property(rows, table => {
        const file = csvFile(table)
        const read: string[][] = parse(file, { bom: true, relax_column_count: true })
        expect(read.map(row => row.map(plainCell))).toEqual(table)
        expect(read.flat().filter(text => /^[=+\-@\t\r\n]/.test(text))).toEqual([])
      }),
    )
  })

  test('is split into the records that the server finds in it', () => {
    fc.assert(
      fc.property(rows, table => {
        const file = csvFile([['email', 'first_name', 'last_name', 'employee_id', 'department'], ...table]).slice(1)
        const records = splitCsv(file)
        expect(records.map(({ text }) => text).join('')).toBe(file)
        expect(records.map(({ cells }) => cells)).toEqual(parse(file, { relax_column_count: true }))
      }),
    )
  })

  test.each([
    [
      'a;b\n1;2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a\tb\r\n1\t2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r1,"x\r\ny"\r',
      [
        ['a', 'b'],
        ['1', 'x\r\ny'],
      ],
    ],
    ['a\n\nb', [['a'], [''], ['b']]],
    [
      'a,b\n"say ""hi""",\n',
      [
        ['a', 'b'],
        ['say "hi"', ''],
      ],
    ],
    ['', []],
  ])('is split whatever its lines end in and its cells are parted by: %j', (text, cells) => {
    expect(splitCsv(text).map(record => record.cells)).toEqual(cells)
  })
})
