import type { H3Event } from 'h3'
import { setResponseStatus } from 'h3'
import type { FloorAnswer } from '../../handlers.ts'

/** Sends what a handler of the floors answers. */
export async function answer(event: H3Event, answered: Promise<FloorAnswer>): Promise<unknown> {
  const { status, body } = await answered
  setResponseStatus(event, status)
  return body
}
