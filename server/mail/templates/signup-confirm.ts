import type { Language } from '../../../shared/dates.ts'
import type { Content } from '../layout.ts'

/** To someone who wants an organisation: proves that the mailbox is hers. */
export function signupConfirm({ link, name, language }: { link: string, name: string, language: Language }): Content {
  return texts[language](name, link)
}

const texts: Record<Language, (name: string, link: string) => Content> = {
  en: (name, url) => ({
    subject: `Confirm the sign-up of ${name}`,
    paragraphs: [`Someone, most likely you, has signed up ${name} with this address. Please confirm it:`],
    action: { label: 'Confirm the sign-up', url },
    note: 'The link works for three days. If you have not signed up, do nothing: nothing is made without it.',
  }),
  ar: (name, url) => ({
    subject: `أكّد تسجيل ${name}`,
    paragraphs: [`سجّل أحدهم، والأرجح أنه أنت، المؤسسة ${name} بهذا العنوان. يرجى تأكيد ذلك:`],
    action: { label: 'تأكيد التسجيل', url },
    note: 'يعمل الرابط لمدة ثلاثة أيام. إن لم تكن قد سجّلت فلا تفعل شيئًا: لن يُنشأ شيء من دونه.',
  }),
}
