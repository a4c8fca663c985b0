import { defineEventHandler, sendRedirect, setResponseHeader } from 'h3'
import { languages } from '#shared/dates.ts'
import { notFound } from '#shared/errors.ts'

const textsPath = /^\/_i18n\/([^/]+)\/([^/]+)\/messages\.json/

/**
 * Serves texts only in our languages. @nuxtjs/i18n, which serves them, also accepts `constructor` as a language and
 * fails. It also lets them be cached for a year under any hash; here a URL with another hash than this build's
 * redirects to the right one.
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
