import { defineEventHandler } from 'h3'
import { ready } from '../../../handlers.ts'
import { answer } from '../answer.ts'

export default defineEventHandler(event => answer(event, ready()))
