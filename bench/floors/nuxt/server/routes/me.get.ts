import { defineEventHandler, getHeader } from 'h3'
import { me } from '../../../handlers.ts'
import { answer } from '../answer.ts'

export default defineEventHandler(event =>
  answer(event, me(getHeader(event, 'host'), getHeader(event, 'authorization'))),
)
