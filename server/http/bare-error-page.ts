import type { TenantStanding } from '#server/domain/tenants/lifecycle/standing.ts'
import type { Language } from '#shared/dates.ts'

type Texts = Record<Language, [title: string, text: string]>

const texts: Record<number, Texts> = {
  400: {
    en: ['Bad request', 'The address or the request is not valid.'],
    ar: ['طلب غير صالح', 'العنوان أو الطلب غير صالح.'],
  },
  404: {
    en: [
      'Organisation not found',
      'There is no organisation at this address. Check the address, or ask your administrator for the link.',
    ],
    ar: ['المؤسسة غير موجودة', 'لا توجد مؤسسة على هذا العنوان. تحقق من العنوان، أو اطلب الرابط من مسؤول مؤسستك.'],
  },
  405: {
    en: ['Not allowed', 'This page does not accept this kind of request.'],
    ar: ['غير مسموح', 'لا تقبل هذه الصفحة هذا النوع من الطلبات.'],
  },
  503: {
    en: ['Service unavailable', 'The portal is starting or busy. This page reloads automatically.'],
    ar: ['الخدمة غير متاحة', 'البوابة قيد بدء التشغيل أو مشغولة. سيُعاد تحميل هذه الصفحة تلقائيًا.'],
  },
}

const ours: Texts = {
  en: ['Something went wrong', 'The error has been recorded. Please try again.'],
  ar: ['حدث خطأ ما', 'سُجّل الخطأ. يُرجى المحاولة مجددًا.'],
}

/** For a tenant that is closed. The reason is not shown here: only its admins get it, by mail. */
const closed: Partial<Record<TenantStanding, Texts>> = {
  suspended: {
    en: [
      'This organisation is suspended',
      'Its portal is closed for now. No data has been deleted. Its admins have been notified by email and can contact the operators of this service.',
    ],
    ar: [
      'هذه المؤسسة معلّقة',
      'بوابتها مغلقة حاليًا. لم تُحذف أي بيانات. أُبلغ مسؤولوها بالبريد الإلكتروني، ويمكنهم التواصل مع مشغّلي هذه الخدمة.',
    ],
  },
  maintenance: {
    en: [
      'Under maintenance',
      'This organisation’s portal is under maintenance and will be back soon. This page reloads automatically.',
    ],
    ar: ['قيد الصيانة', 'بوابة هذه المؤسسة قيد الصيانة وستعود قريبًا. سيُعاد تحميل هذه الصفحة تلقائيًا.'],
  },
}

const notOpen: Texts = {
  en: ['This organisation is closed', 'Its portal is closed. Its admins can contact the operators of this service.'],
  ar: ['هذه المؤسسة مغلقة', 'بوابتها مغلقة. يمكن لمسؤوليها التواصل مع مشغّلي هذه الخدمة.'],
}

// The same as in components/shell/BrandMark.vue.
const mark =
  '<svg viewBox="0 0 32 32" fill="currentColor" aria-hidden="true"><path d="M7.9 7h16.2a1.4 1.4 0 0 1 1.4 1.4v1.2a1.4 1.4 0 0 1-1.4 1.4H7.9a1.4 1.4 0 0 1-1.4-1.4V8.4A1.4 1.4 0 0 1 7.9 7zm7.2 6.5h1.8a1.4 1.4 0 0 1 1.4 1.4v8.7a1.4 1.4 0 0 1-1.4 1.4h-1.8a1.4 1.4 0 0 1-1.4-1.4v-8.7a1.4 1.4 0 0 1 1.4-1.4z"/><path opacity=".65" d="M7.9 13.5h1.8a1.4 1.4 0 0 1 1.4 1.4v8.7A1.4 1.4 0 0 1 9.7 25H7.9a1.4 1.4 0 0 1-1.4-1.4v-8.7a1.4 1.4 0 0 1 1.4-1.4zm14.4 0h1.8a1.4 1.4 0 0 1 1.4 1.4v8.7a1.4 1.4 0 0 1-1.4 1.4h-1.8a1.4 1.4 0 0 1-1.4-1.4v-8.7a1.4 1.4 0 0 1 1.4-1.4z"/></svg>'

/** The policy for the page below: only its own style. */
export const barePagePolicy = `default-src 'none'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`

/**
 * A page without dependencies: for unknown hosts, closed tenants, and while the server is starting.
 * @param options.language in which it is written
 * @param options.standing status of the host's tenant, if it is closed
 */
export function bareErrorPage(
  status: number,
  { language, standing }: { language: Language; standing?: TenantStanding },
): string {
  const [title, text] = (standing ? (closed[standing] ?? notOpen) : (texts[status] ?? ours))[language]
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
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif; background: light-dark(#fafafa, #09090b); color: light-dark(#52525c, #9f9fa9) }
main { max-width: 26rem; padding: 2rem; text-align: center; text-wrap: pretty }
svg { width: 3rem; height: 3rem; border-radius: .75rem; background: light-dark(#147474, #38b9b6); color: light-dark(#fff, #09090b) }
h1 { margin: 1.25rem 0 .5rem; font-size: 1.5rem; line-height: 1.25; color: light-dark(#18181b, #fff) }
p { margin: 0 }
</style>
</head>
<body><main>${mark}<h1>${title}</h1><p>${text}</p></main></body>
</html>`
}
