import { defineEventHandler } from 'h3'
import { useNitroApp } from 'nitropack/runtime'
import { answerForm, isFormPost } from '#server/http/forms/answer-form.ts'
import { isApiPath } from '#server/http/methods.ts'

/** Answers forms of pages that are sent without scripts. */
export default defineEventHandler(async event => {
  if (isApiPath(event.path) || !event.context.tenancy || !isFormPost(event)) return
  await answerForm(event, useNitroApp().localCall)
})
