import type { Language } from '../../../shared/dates.ts'
import type { Brand, Content } from '../layout.ts'

/** To the first Admin of an organisation that an operator has approved. */
export function signupApproved({ name, origin }: Brand, { link, language }: { link: string, language: Language }): Content {
  return texts[language](name, origin, link)
}

const texts: Record<Language, (name: string, origin: string, url: string) => Content> = {
  en: (name, origin, url) => ({
    subject: `${name} is ready`,
    paragraphs: [`The sign-up of ${name} was approved. Its portal is at ${origin}. Choose a password, and you are its first admin:`],
    action: { label: 'Choose a password', url },
    note: 'The link works once, for seven days. After that, ask for a new password on the sign-in page.',
  }),
  ar: (name, origin, url) => ({
    subject: `${name} جاهزة`,
    paragraphs: [`تمت الموافقة على تسجيل ${name}. بوابتها على العنوان ${origin}. اختر كلمة مرور لتصبح أول مسؤول فيها:`],
    action: { label: 'اختيار كلمة مرور', url },
    note: 'يعمل الرابط مرة واحدة ولمدة سبعة أيام. بعد ذلك اطلب كلمة مرور جديدة من صفحة تسجيل الدخول.',
  }),
}
