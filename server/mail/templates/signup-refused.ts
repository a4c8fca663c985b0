import type { Language } from '../../../shared/dates.ts'
import type { Content } from '../layout.ts'

/** To someone whose organisation was not wanted here, with the operator's own words if any. */
export function signupRefused({ name, reason, language }: { name: string, reason: string, language: Language }): Content {
  const { subject, text } = texts[language](name)
  return { subject, paragraphs: [text, ...reason ? [reason] : []] }
}

const texts: Record<Language, (name: string) => { subject: string, text: string }> = {
  en: name => ({ subject: `About the sign-up of ${name}`, text: `Thank you for signing up ${name}. It was looked at, and cannot be set up here.` }),
  ar: name => ({ subject: `بخصوص تسجيل ${name}`, text: `شكرًا لتسجيلك ${name}. لقد راجعنا الطلب، ولا يمكن إنشاء المؤسسة هنا.` }),
}
