import { defineEventHandler, getHeader, getQuery } from 'h3'
import { list } from '../../../handlers.ts'
import { answer } from '../answer.ts'

export default defineEventHandler(event => {
  const { search = '', page = 1 } = getQuery<{ search?: string; page?: string }>(event)
  return answer(
    event,
    list(getHeader(event, 'host'), getHeader(event, 'authorization'), { search, page: Number(page) }),
  )
})
