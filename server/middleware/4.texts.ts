import { defineEventHandler, sendRedirect, setResponseHeader } from 'h3'
import { languages } from '#shared/dates.ts'
import { notFound } from '#shared/errors.ts'

const textsPath = /^\/_i18n\/([^/]+)\/([^/]+)\/messages\.json/

/**
 * Texts are there in our languages: to @nuxtjs/i18n, which serves them, `constructor` is one too, and it fails over
 * it. It lets them be kept for a year under whatever hash: an address that is not this build's only leads to the
 * one that is.
 */
export default defineEventHandler(event => {
  const [, hash, name] = textsPath.exec(event.path) ?? []
  if (name === undefined) return
  const language = languages.find(known => known === name)
  if (!language) throw notFound()
  const current = __I18N_LOCALE_HASHES__[language]
  if (hash === current) return
  setResponseHeader(event, 'cache-control', 'private, no-store')
  return sendRedirect(event, `/_i18n/${current}/${language}/messages.json`)
})
