import type { Language } from '#shared/dates.ts'
import type { MailTexts } from './facts.ts'
import { ar } from './texts/ar.ts'
import { en } from './texts/en.ts'

export const mailTexts: Record<Language, MailTexts> = { en, ar }
