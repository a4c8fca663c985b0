import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvFile, csvLines, plainCell } from '#shared/table/csv.ts'
import { readRecords } from '#shared/table/records.ts'

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
})

describe('a CSV text', () => {
  const read = (text: string, delimiter = ',') => [...readRecords(text, delimiter)]

  test('has the records that RFC 4180 says', () => {
    fc.assert(
      fc.property(rows, table => {
        const text = csvLines(table)
        expect(read(text)).toEqual(table.map(cells => ({ cells, isFaulty: false })))
        expect(read(text).map(({ cells }) => cells)).toEqual(parse(text, { relax_column_count: true }))
      }),
    )
  })

  test.each([
    ['a\tb\r\n1\t2\r\n', '\t', ['a|b', '1|2']],
    ['a,b\r1,"x\r\ny"\r', ',', ['a|b', '1|x\r\ny']],
    ['a\n\nb', ',', ['a', '', 'b']],
    ['a, "b" ,c\n"say ""hi""",', ',', ['a|b|c', 'say "hi"|']],
    ['', ',', []],
  ])('is read whatever its lines end in and its delimiter is: %j', (text, delimiter, records) => {
    expect(read(text, delimiter).map(({ cells }) => cells.join('|'))).toEqual(records)
  })

  test('loses no more than one line to a quotation mark in the wrong place', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('x"y', '"x', '"x"y'), (table, fault) => {
        const text = `${fault},z\n${csvLines(table).replaceAll('"', '')}`
        const [first, ...others] = read(text)
        expect(first!.isFaulty).toBe(true)
        expect(others).toEqual(read(text.slice(text.indexOf('\n') + 1)))
      }),
    )
  })
})
