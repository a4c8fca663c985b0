import { defineEventHandler } from 'h3'
import { languages } from '../../shared/dates.ts'
import { notFound } from '../../shared/errors.ts'

const textsPath = /^\/_i18n\/[^/]+\/([^/]+)\/messages\.json/

/** Texts are there in our languages: to @nuxtjs/i18n, which serves them, `constructor` is one too, and it fails over it. */
export default defineEventHandler(({ path }) => {
  const language = textsPath.exec(path)?.[1]
  if (language !== undefined && !(languages as readonly string[]).includes(language)) throw notFound()
})
