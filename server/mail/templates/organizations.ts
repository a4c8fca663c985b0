import type { Language } from '../../../shared/dates.ts'
import type { Content } from '../layout.ts'

/** To someone who does not know where to sign in. */
export function organizations({ found, language }: { found: { name: string, url: string }[], language: Language }): Content {
  const { subject, text, note } = texts[language]
  return { subject, paragraphs: [text, ...found.map(({ name, url }) => `${name}: ${url}`)], note }
}

const texts: Record<Language, { subject: string, text: string, note: string }> = {
  en: { subject: 'Your organisations', text: 'Someone asked where this address can sign in. It is here:', note: 'If it was not you, do nothing.' },
  ar: { subject: 'مؤسساتك', text: 'سأل أحدهم أين يمكن تسجيل الدخول بهذا العنوان. يمكن ذلك هنا:', note: 'إن لم تكن أنت من سأل فلا تفعل شيئًا.' },
}
