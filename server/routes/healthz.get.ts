import { defineEventHandler } from 'h3'

/** The process lives and answers. */
export default defineEventHandler(() => ({ status: 'ok' }))
