import { expect, test } from 'vitest'
import { joined } from '#server/http/body/body.ts'

test('a body has memory of its own, and not a part of what other buffers share', () => {
  const parts = [Buffer.from('{"first_name":'), Buffer.from('"Zoë"}')]
  const whole = joined(parts)
  expect(whole.toString()).toBe('{"first_name":"Zoë"}')
  expect(whole.buffer.byteLength).toBe(whole.length)
  expect(Buffer.concat(parts).buffer.byteLength).toBeGreaterThan(whole.length)
  expect(joined([])).toHaveLength(0)
})
