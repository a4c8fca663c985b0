import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accentOn, contrastOf } from '#shared/contrast.ts'

const color = fc.integer({ min: 0, max: 0xffffff }).map(value => `#${value.toString(16).padStart(6, '0')}`)

test('every colour of an organisation has a shade that is readable in light and dark', () => {
  fc.assert(
    fc.property(color, fc.constantFrom('#ffffff', '#09090b'), (given, background) => {
      const shade = accentOn(given, background)
      expect(shade).toMatch(/^#[0-9a-f]{6}$/)
      expect(contrastOf(shade, background)).toBeGreaterThanOrEqual(5.6)
    }),
  )
})

test('a colour that is readable stays as it is', () => {
  expect(accentOn('#15604a', '#ffffff')).toBe('#15604a')
  expect(accentOn('#8bd3c7', '#09090b')).toBe('#8bd3c7')
})
