import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clampCrop, cropSide, moveCrop, wholeCrop } from '#shared/crop.ts'

const size = fc.record({ width: fc.integer({ min: 1, max: 10_000 }), height: fc.integer({ min: 1, max: 10_000 }) })
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })

describe('the square of a picture', () => {
  test('is at first the whole of the shorter side, from the middle', () => {
    const picture = { width: 400, height: 300 }
    expect(wholeCrop(picture)).toEqual({ x: 200, y: 150, zoom: 1 })
    expect(cropSide(picture, wholeCrop(picture))).toBe(300)
  })

  test('moves by parts of itself, and no further than the picture goes', () => {
    const picture = { width: 400, height: 300 }
    expect(moveCrop(picture, wholeCrop(picture), 0.1, 0.1)).toEqual({ x: 230, y: 150, zoom: 1 })
    expect(moveCrop(picture, wholeCrop(picture), -9, 0)).toEqual({ x: 150, y: 150, zoom: 1 })
    expect(moveCrop(picture, { x: 200, y: 150, zoom: 2 }, 0, 9)).toEqual({ x: 200, y: 225, zoom: 2 })
  })

  test('is all picture, wherever it was wanted', () => {
    fc.assert(
      fc.property(size, number, number, fc.double({ min: -10, max: 100, noNaN: true }), (picture, x, y, zoom) => {
        const crop = clampCrop(picture, { x, y, zoom })
        const half = cropSide(picture, crop) / 2
        for (const edge of [
          crop.x - half,
          picture.width - crop.x - half,
          crop.y - half,
          picture.height - crop.y - half,
        ])
          expect(edge).toBeGreaterThanOrEqual(-1e-6)
      }),
    )
  })
})
