import { defineEventHandler, getCookie, getHeader } from 'h3'
import { rows } from '../../../handlers.ts'
import { answer } from '../answer.ts'

export default defineEventHandler(event =>
  answer(event, rows(getHeader(event, 'host'), getCookie(event, 'floor_access'))),
)
