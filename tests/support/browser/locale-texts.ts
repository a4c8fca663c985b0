import { readFileSync } from 'node:fs'
import type { Language } from '#shared/dates.ts'

/** @returns the texts of the interface in a language, by key, such as `shell.sign_out` */
export function textsIn(language: Language): (key: string) => string {
  return key => {
    const [part] = key.split('.')
    let found: unknown = JSON.parse(readFileSync(`i18n/locales/${language}/${part}.json`, 'utf8'))
    for (const name of key.split('.')) found = (found as Record<string, unknown>)[name]
    return found as string
  }
}
