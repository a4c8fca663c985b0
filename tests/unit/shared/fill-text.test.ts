import { describe, expect, test } from 'vitest'
import { fillText } from '../../../i18n/fill.ts'

describe('a text', () => {
  test('gets its values, as they are', () => {
    expect(fillText('{name} joined {team}.', 'en', { name: '{team}', team: 'Acme $1' })).toBe('{team} joined Acme $1.')
    expect(fillText('{n} of {all}', 'en', { n: 0, all: null })).toBe('0 of ')
    expect(fillText('Signed in to {name}.', 'en', { name: 'Acme Inc.' })).toBe('Signed in to Acme Inc.')
  })

  test.each([
    [0, '0 people'],
    [1, '1 person'],
    [2, '2 people'],
    [1_001, '1001 people'],
  ])('in English has the form for %d', (n, expected) => {
    expect(fillText('{n} person | {n} people', 'en', { n }, n)).toBe(expected)
  })

  test.each([
    [0, 'none'],
    [1, 'one'],
    [7, '7 results'],
  ])('can have a form of its own for nothing: %d', (n, expected) => {
    expect(fillText('none|one|{n} results', 'en', { n }, n)).toBe(expected)
  })

  test.each([
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
    [3, 'd'],
    [11, 'e'],
    [100, 'f'],
    [103, 'd'],
  ])('in Arabic has one of six forms: %d', (n, expected) => {
    expect(fillText('a | b | c | d | e | f', 'ar', {}, n)).toBe(expected)
  })
})
