import type { Language } from '../../shared/dates.ts'

type Text = [title: string, text: string]

const texts: Record<Language, Record<number | 'other', Text>> = {
  en: {
    400: ['Bad request', 'The address or the request is not valid.'],
    403: ['This organisation is suspended', 'Its portal is closed for now. Please ask your administrator.'],
    404: ['Nothing here', 'There is no organisation at this address. Check the spelling, or ask your administrator for the link.'],
    405: ['Not allowed', 'This page can only be read.'],
    503: ['Back in a moment', 'The portal is starting or busy. This page tries again by itself.'],
    other: ['Something went wrong', 'The fault is ours and has been recorded. Please try again.'],
  },
  ar: {
    400: ['طلب غير صالح', 'العنوان أو الطلب غير صالح.'],
    403: ['هذه المؤسسة موقوفة', 'بوابتها مغلقة حاليًا. يُرجى سؤال مسؤول النظام.'],
    404: ['لا يوجد شيء هنا', 'لا توجد مؤسسة في هذا العنوان. تحقق من كتابته، أو اطلب الرابط من مسؤول النظام.'],
    405: ['غير مسموح', 'هذه الصفحة للقراءة فقط.'],
    503: ['سنعود بعد لحظات', 'البوابة قيد التشغيل أو مشغولة. ستعيد هذه الصفحة المحاولة من تلقاء نفسها.'],
    other: ['حدث خطأ ما', 'الخطأ منا وقد سُجّل. يُرجى المحاولة مجددًا.'],
  },
}

/** What the page below needs: its own style and no more. */
export const barePagePolicy = `default-src 'none'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`

/**
 * A page that needs nothing: for hosts that are none of ours, and while the server is starting.
 * @param acceptLanguage the request's header
 */
export function bareErrorPage(status: number, acceptLanguage = ''): string {
  const language = preferredLanguage(acceptLanguage)
  const [title, text] = texts[language][status] ?? texts[language].other
  return `<!DOCTYPE html>
<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${status === 503 ? '<meta http-equiv="refresh" content="3">' : ''}
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
