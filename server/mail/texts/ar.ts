import type { MailTexts, Notices } from '#server/mail/facts.ts'
import { formatDay, formatMoment } from '#shared/dates.ts'
import { describeUserAgent } from '#shared/user-agent.ts'
import { factorNotices } from './factor-notices.ar.ts'

export const ar: MailTexts = {
  activation: ({ name, via }, { link }) => ({
    subject: `تفعيل حسابك في «${name}» عبر ${via}`,
    paragraphs: [`سجّل شخص ما حسابًا في «${name}» بعنوان البريد الإلكتروني هذا. إذا كنت أنت، ففعّل حسابك:`],
    action: { label: 'تفعيل الحساب', url: link },
    note: `تنتهي صلاحية الرابط بعد 3 أيام. إذا لم تكن أنت، فتجاهل هذه الرسالة: لا يمكن استخدام الحساب ما لم يُفعَّل. ${sentVia(via)}`,
  }),

  password_reset: ({ name }, { link }) => ({
    subject: `تعيين كلمة مرور جديدة في ${name}`,
    paragraphs: [`طلب شخص ما كلمة مرور جديدة لحسابك في ${name}. إذا كنت أنت، فعيّن كلمة مرور جديدة:`],
    action: { label: 'تعيين كلمة مرور جديدة', url: link },
    note: 'يعمل الرابط مرة واحدة وتنتهي صلاحيته بعد ساعة. وإذا طلبت رابطًا أحدث، يتوقف هذا الرابط عن العمل. إذا لم تكن أنت، فتجاهل هذه الرسالة: لم تتغيّر كلمة مرورك.',
  }),

  welcome: ({ name, via }, { link }) => ({
    subject: `حسابك في «${name}» عبر ${via}`,
    paragraphs: [`لديك حساب في «${name}». اختر كلمة مرور لتسجيل الدخول:`],
    action: { label: 'اختيار كلمة مرور', url: link },
    note: `يعمل الرابط مرة واحدة وتنتهي صلاحيته بعد 7 أيام. بعد ذلك، اطلب كلمة مرور جديدة من صفحة تسجيل الدخول. ${sentVia(via)}`,
  }),

  email_change: ({ name, via }, { link }) => ({
    subject: `تأكيد عنوان بريدك الإلكتروني الجديد في «${name}» عبر ${via}`,
    paragraphs: [`طلب شخص ما تغيير عنوان البريد الإلكتروني لحساب في «${name}» إلى هذا العنوان. إذا كنت أنت، فأكّده:`],
    action: { label: 'تأكيد عنوان البريد الإلكتروني', url: link },
    note: `يعمل الرابط مرة واحدة وتنتهي صلاحيته بعد 24 ساعة. إذا لم تكن أنت، فتجاهل هذه الرسالة: لن يتغيّر شيء. ${sentVia(via)}`,
  }),

  email_changed: ({ name }) => ({
    subject: `تغيّر عنوان بريدك الإلكتروني في ${name}`,
    paragraphs: [
      `تغيّر عنوان البريد الإلكتروني لحسابك في ${name}. سجّل الدخول بالعنوان الجديد من الآن فصاعدًا. لن نرسل رسائل أخرى عن الحساب إلى هذا العنوان.`,
      `إذا لم تكن أنت، فتواصل مع أحد مسؤولي ${name} فورًا.`,
    ],
  }),

  email_assigned: ({ name, via, origin }) => ({
    subject: `عنوان البريد الإلكتروني لحسابك في «${name}» عبر ${via}`,
    paragraphs: [
      `غيّر أحد مسؤولي «${name}» عنوان البريد الإلكتروني لحسابك إلى هذا العنوان. سجّل الدخول به وبكلمة مرورك من الآن فصاعدًا. سُجّل خروجك من جميع الأجهزة.`,
    ],
    action: { label: 'الانتقال إلى صفحة تسجيل الدخول', url: `${origin}/login` },
    note: `إذا كنت لا تعرف «${name}»، فتجاهل هذه الرسالة. ${sentVia(via)}`,
  }),

  password_changed: ({ name, origin }) => ({
    subject: `تغيّرت كلمة مرورك في ${name}`,
    paragraphs: [
      `تغيّرت كلمة مرور حسابك في ${name}. وسُجّل خروجك من أجهزتك الأخرى.`,
      'إذا لم تكن أنت، فاطلب كلمة مرور جديدة من صفحة تسجيل الدخول وتواصل مع أحد المسؤولين.',
    ],
    action: { label: 'الانتقال إلى صفحة تسجيل الدخول', url: `${origin}/login` },
  }),

  new_device: ({ name, origin }, { user_agent, ip, time }) => ({
    subject: `تسجيل دخول جديد إلى حسابك في ${name}`,
    paragraphs: [
      `سجّل شخص ما الدخول إلى حسابك في ${name} من جهاز جديد: ${describeUserAgent(user_agent, 'ar')}${ip ? `، عنوان IP ‏${ip}` : ''}، في ${formatMoment(time, 'ar', 'UTC')} بالتوقيت العالمي.`,
      'إذا كنت أنت، فلا داعي لفعل شيء. وإذا لم تكن أنت، فغيّر كلمة مرورك. يؤدي ذلك إلى تسجيل الخروج من جميع الأجهزة الأخرى.',
    ],
    action: { label: 'مراجعة جلساتك', url: `${origin}/profile` },
  }),

  factor_notice({ name, origin }, facts) {
    const { subject, text, advice } = factorNotices[facts.event](name, facts)
    return { subject, paragraphs: [text, advice], action: { label: 'مراجعة إعدادات الأمان', url: `${origin}/profile` } }
  },

  session_reuse: ({ name, origin }) => ({
    subject: `أُنهيت إحدى جلساتك في ${name}`,
    paragraphs: [
      `استُخدمت إحدى جلساتك في ${name} من مكانين وربما نُسخت. وقد أنهينا الجلسة.`,
      'سجّل الدخول من جديد وراجع جلساتك. وإذا لم تتعرّف على أحد الأجهزة، فغيّر كلمة مرورك.',
    ],
    action: { label: 'مراجعة جلساتك', url: `${origin}/profile` },
  }),

  invitation: ({ name, via }, { link, inviter, department, isAdmin, expires_at }) => ({
    subject: `انضم إلى «${name}» عبر ${via}`,
    paragraphs: [
      `تلقيت دعوة من ${inviter ?? 'أحد المسؤولين'} للانضمام إلى بوابة موظفي «${name}»${isAdmin ? ' بصفة مسؤول' : ''}${department ? `، في قسم «${department}»` : ''}.`,
      'اقبل الدعوة واختر كلمة مرور:',
    ],
    action: { label: 'قبول الدعوة', url: link },
    note: `يعمل الرابط مرة واحدة حتى ${formatDay(expires_at, 'ar')}. إذا لم تكن تتوقع هذه الدعوة، فتجاهل هذه الرسالة. ${sentVia(via)}`,
  }),

  account_exists: ({ name, origin }) => ({
    subject: `لديك حساب في ${name} بالفعل`,
    paragraphs: [
      `حاول شخص ما استخدام عنوان البريد الإلكتروني هذا لإنشاء حساب في ${name}، لكن لديك حساب فيها بالفعل. لم يتغيّر شيء.`,
      'إذا كنت أنت، فسجّل الدخول. وإذا نسيت كلمة المرور، فاطلب كلمة مرور جديدة من صفحة تسجيل الدخول.',
    ],
    action: { label: 'تسجيل الدخول', url: `${origin}/login` },
  }),

  tenant_notice({ name }, notice) {
    const { subject, text } = notices[notice.event](notice)
    if (notice.event === 'resumed' || notice.event === 'restored') return { subject, paragraphs: [text] }
    const why = notice.reason ? [`السبب: ${notice.reason}`] : []
    return { subject, paragraphs: [text, ...why, `إذا كانت لديك أسئلة، فتواصل مع مشغّلي ${name}.`] }
  },

  signup_confirm: ({ via }, { name, link }) => ({
    subject: `أكّد تسجيل «${name}» عبر ${via}`,
    paragraphs: [`سجّل شخص ما المؤسسة «${name}» بعنوان البريد الإلكتروني هذا. إذا كنت أنت، فأكّد التسجيل:`],
    action: { label: 'تأكيد التسجيل', url: link },
    note: `تنتهي صلاحية الرابط بعد 3 أيام. إذا لم تكن أنت، فتجاهل هذه الرسالة: لن تُنشأ أي مؤسسة. ${sentVia(via)}`,
  }),

  signup_waiting: ({ origin }, { name, subdomain }) => ({
    subject: `${name} بانتظار الموافقة`,
    paragraphs: [
      `سجّلت ${name} بالنطاق الفرعي ${subdomain} وأكّدت عنوان البريد الإلكتروني. تُنشأ المؤسسة عندما توافق عليها أنت أو مشغّل آخر.`,
    ],
    action: { label: 'مراجعة طلبات التسجيل', url: `${origin}/signups` },
  }),

  signup_approved: ({ name, origin }, { link }) => ({
    subject: `${name} جاهزة`,
    paragraphs: [`أصبحت ${name} جاهزة. بوابتها على العنوان ${origin}. اختر كلمة مرور لتصبح أول مسؤول فيها:`],
    action: { label: 'اختيار كلمة مرور', url: link },
    note: 'يعمل الرابط مرة واحدة وتنتهي صلاحيته بعد 7 أيام. بعد ذلك، اطلب كلمة مرور جديدة من صفحة تسجيل الدخول.',
  }),

  signup_refused: (_brand, { name, reason }) => ({
    subject: `بخصوص تسجيل ${name}`,
    paragraphs: [`شكرًا لتسجيلك ${name}. راجعنا طلب التسجيل ولا يمكننا الموافقة عليه.`, ...(reason ? [reason] : [])],
  }),

  organizations: (_brand, { found }) => ({
    subject: 'مؤسساتك',
    paragraphs: [
      'طلب شخص ما قائمة بالمؤسسات التي لعنوان البريد الإلكتروني هذا حساب فيها:',
      ...found.map(({ name, url }) => `${name}: ${url}`),
    ],
    note: 'إذا لم تكن أنت، فتجاهل هذه الرسالة.',
  }),
}

const notices: Notices = {
  suspended: ({ organization }) => ({
    subject: `عُلّقت ${organization}`,
    text: `عُلّقت ${organization} وأُغلقت بوابتها. لا يمكن لأحد تسجيل الدخول حتى يُعاد تفعيل المؤسسة. ولم تُحذف أي بيانات.`,
  }),
  deletion_scheduled: ({ organization, until }) => ({
    subject: `${organization} مجدولة للحذف`,
    text: `أُغلقت بوابة ${organization}. وستُحذف المؤسسة وكل بياناتها نهائيًا${until ? ` بعد ${formatMoment(until, 'ar', 'UTC')} (UTC)` : ''}. ويمكن استعادتها حتى ذلك الحين.`,
  }),
  restored: ({ organization }) => ({
    subject: `${organization} مفتوحة من جديد`,
    text: `أُلغي حذف ${organization}، وعادت إلى حالتها السابقة.`,
  }),
  resumed: ({ organization }) => ({
    subject: `${organization} مفتوحة من جديد`,
    text: `بوابة ${organization} مفتوحة من جديد، ويمكن للجميع تسجيل الدخول كما في السابق.`,
  }),
}

function sentVia(domain: string): string {
  return `أُرسلت هذه الرسالة عبر ${domain}، الذي يستضيف بوابات موظفين للمؤسسات. أدخل المستخدمون الأسماء الواردة فيها.`
}
