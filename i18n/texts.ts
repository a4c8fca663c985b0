import type { Language } from '#shared/dates'
import type { TextGroup } from './groups'

export interface Texts {
  [key: string]: string | Texts
}

const files = import.meta.glob<Texts>('./{en,ar}/*.ts', { import: 'default' })
// The same for all users.
const loaded: Record<Language, Texts> = { en: {}, ar: {} }

/** The texts that have been loaded, by key. */
export function textsIn(language: Language): Texts {
  return loaded[language]
}

/** @throws if the browser cannot load them */
export async function loadTexts(language: Language, group: TextGroup): Promise<void> {
  Object.assign(loaded[language], await files[`./${language}/${group}.ts`]!())
}
