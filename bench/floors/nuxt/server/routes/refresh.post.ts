import { defineEventHandler, getHeader, readBody } from 'h3'
import { refresh } from '../../../handlers.ts'
import { answer } from '../answer.ts'

export default defineEventHandler(async event => {
  const body = await readBody<{ refresh?: unknown }>(event)
  return answer(event, refresh(getHeader(event, 'host'), body))
})
