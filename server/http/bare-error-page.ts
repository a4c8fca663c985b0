import type { Language } from '../../shared/dates.ts'
import type { TenantStanding } from '../domain/tenant-standing.ts'

type Texts = Record<Language, [title: string, text: string]>

const texts: Record<number, Texts> = {
  400: {
    en: ['Bad request', 'The address or the request is not valid.'],
    ar: ['طلب غير صالح', 'العنوان أو الطلب غير صالح.'],
  },
  404: {
    en: ['Nothing here', 'There is no organisation at this address. Check the spelling, or ask your administrator for the link.'],
    ar: ['لا شيء هنا', 'لا توجد مؤسسة على هذا العنوان. تحقق من كتابته، أو اطلب الرابط من مسؤول مؤسستك.'],
  },
  405: {
    en: ['Not allowed', 'This page can only be read.'],
    ar: ['غير مسموح', 'هذه الصفحة للقراءة فقط.'],
  },
  503: {
    en: ['Back in a moment', 'The portal is starting or busy. This page tries again by itself.'],
    ar: ['نعود بعد لحظات', 'البوابة قيد التشغيل أو مشغولة. ستعيد هذه الصفحة المحاولة تلقائيا.'],
  },
}

const ours: Texts = {
  en: ['Something went wrong', 'The fault is ours and has been recorded. Please try again.'],
  ar: ['حدث خطأ ما', 'الخطأ من جهتنا وقد سجلناه. يرجى المحاولة مرة أخرى.'],
}

/** Of a tenant that is not open. Why it is so is for its admins, who were written to, and not for anyone who comes by. */
const closed: Partial<Record<TenantStanding, Texts>> = {
  suspended: {
    en: ['This organisation is suspended', 'Its portal is closed for now, and nothing in it has been lost. Its admins have been written to and can ask whoever runs this service.'],
    ar: ['هذه المؤسسة موقوفة', 'بوابتها مغلقة حاليا ولم يفقد منها شيء. تلقى مسؤولوها رسالة بذلك، ويمكنهم الاستفسار لدى القائمين على هذه الخدمة.'],
  },
  maintenance: {
    en: ['Under maintenance', 'This organisation\'s portal is being worked on and will be back soon. This page tries again by itself.'],
    ar: ['تحت الصيانة', 'يجري العمل على بوابة هذه المؤسسة وستعود قريبا. ستعيد هذه الصفحة المحاولة تلقائيا.'],
  },
}

const notOpen: Texts = {
  en: ['This organisation is closed', 'Its portal is not open. Its admins can ask whoever runs this service.'],
  ar: ['هذه المؤسسة مغلقة', 'بوابتها ليست مفتوحة. يمكن لمسؤوليها الاستفسار لدى القائمين على هذه الخدمة.'],
}

/** What the page below needs: its own style and no more. */
export const barePagePolicy = `default-src 'none'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`

/**
 * A page that needs nothing: for hosts that are none of ours, tenants that are closed, and while the server is starting.
 * @param options.accepted the Accept-Language header
 * @param options.standing of the tenant that the host is, where it is closed
 */
export function bareErrorPage(status: number, { accepted = '', standing }: { accepted?: string, standing?: TenantStanding }): string {
  const language = preferredLanguage(accepted)
  const [title, text] = (standing ? closed[standing] ?? notOpen : texts[status] ?? ours)[language]
  const pause = standing === 'maintenance' ? 60 : 3
  return `<!DOCTYPE html>
<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${status === 503 ? `<meta http-equiv="refresh" content="${pause}">` : ''}
<title>${title}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 32rem; padding: 2rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
</style>
</head>
<body><main><h1>${title}</h1><p>${text}</p></main></body>
</html>`
}

// RFC 9110, 12.5.4: the weight counts, then the order.
function preferredLanguage(header: string): Language {
  const ranges = header.slice(0, 200).toLowerCase().split(',').map((range) => {
    const [tag = '', weight] = range.trim().split(/\s*;\s*q=/)
    return { language: tag.split('-', 1)[0], weight: weight === undefined ? 1 : Number(weight) || 0 }
  })
  const known = ranges.filter(({ language, weight }) => (language === 'en' || language === 'ar') && weight > 0)
  return known.sort((a, b) => b.weight - a.weight)[0]?.language === 'ar' ? 'ar' : 'en'
}
