import type { Language } from '../../../shared/dates.ts'
import type { Brand, Content } from '../layout.ts'

/** To an operator, who decides. */
export function signupWaiting({ origin }: Brand, { name, subdomain, language }: { name: string, subdomain: string, language: Language }): Content {
  return texts[language](name, subdomain, `${origin}/signups`)
}

const texts: Record<Language, (name: string, subdomain: string, url: string) => Content> = {
  en: (name, subdomain, url) => ({
    subject: `${name} waits for your decision`,
    paragraphs: [`${name} has signed up, as ${subdomain}, and has confirmed its e-mail address. It is made as soon as you or another operator approves it.`],
    action: { label: 'Look at the sign-ups', url },
  }),
  ar: (name, subdomain, url) => ({
    subject: `${name} بانتظار قرارك`,
    paragraphs: [`سجّلت المؤسسة ${name} باسم النطاق ${subdomain} وأكّدت عنوان بريدها الإلكتروني. ستُنشأ حالما توافق عليها أنت أو مشغّل آخر.`],
    action: { label: 'عرض طلبات التسجيل', url },
  }),
}
