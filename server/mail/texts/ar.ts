import type { MailTexts } from '#server/mail/facts.ts'
import { formatDay, formatMoment } from '#shared/dates.ts'
import { describeUserAgent } from '#shared/user-agent.ts'

export const ar: MailTexts = {
  activation: ({ name, via }, { link }) => ({
    subject: `تفعيل حسابك في «${name}» عبر ${via}`,
    paragraphs: [`سجّل شخص ما هذا العنوان في «${name}». إذا كنت أنت من فعل ذلك، ففعّل حسابك:`],
    action: { label: 'تفعيل الحساب', url: link },
    note: `يعمل الرابط لمدة ثلاثة أيام. إذا لم تكن قد سجّلت، فلا تفعل شيئًا: لا يمكن استخدام الحساب من دون هذا الرابط. ${sentVia(via)}`,
  }),

  password_reset: ({ name }, { link }) => ({
    subject: `تعيين كلمة مرور جديدة في ${name}`,
    paragraphs: [`طلب شخص ما كلمة مرور جديدة لحسابك في ${name}. إذا كنت أنت من طلبها، فعيّنها هنا:`],
    action: { label: 'تعيين كلمة مرور جديدة', url: link },
    note: 'يعمل الرابط مرة واحدة خلال ساعة، ويُبطله أي رابط أحدث منه. إذا لم تطلب ذلك، فلا تفعل شيئًا: ستبقى كلمة مرورك كما هي.',
  }),

  welcome: ({ name, via }, { link }) => ({
    subject: `حسابك في «${name}» عبر ${via}`,
    paragraphs: [`أصبح لديك حساب في «${name}». اختر كلمة مرور لتسجيل الدخول بها:`],
    action: { label: 'اختيار كلمة مرور', url: link },
    note: `يعمل الرابط مرة واحدة خلال سبعة أيام. بعد ذلك، اطلب كلمة مرور جديدة من صفحة تسجيل الدخول. ${sentVia(via)}`,
  }),

  email_change: ({ name, via }, { link }) => ({
    subject: `تأكيد عنوان بريدك الإلكتروني الجديد في «${name}» عبر ${via}`,
    paragraphs: [`يريد شخص ما أن يسجّل الدخول إلى «${name}» بهذا العنوان من الآن فصاعدًا. إذا كنت أنت، فأكّده:`],
    action: { label: 'تأكيد هذا العنوان', url: link },
    note: `يعمل الرابط مرة واحدة خلال يوم واحد. إذا لم تكن أنت، فلا تفعل شيئًا: لن يتغيّر شيء من دونه. ${sentVia(via)}`,
  }),

  email_changed: ({ name }) => ({
    subject: `تغيّر عنوان بريدك الإلكتروني في ${name}`,
    paragraphs: [
      `أصبح لحسابك في ${name} عنوان بريد إلكتروني جديد. ستسجّل الدخول به من الآن فصاعدًا، ولن تصل إلى هذا العنوان رسائل أخرى عن الحساب.`,
      `إذا لم تكن أنت من فعل ذلك، فأبلغ أحد مسؤولي ${name} فورًا.`,
    ],
  }),

  password_changed: ({ name, origin }) => ({
    subject: `تغيّرت كلمة مرورك في ${name}`,
    paragraphs: [
      `تغيّرت للتوّ كلمة مرور حسابك في ${name}، وسُجّل الخروج من الأجهزة الأخرى.`,
      'إذا لم تكن أنت من فعل ذلك، فاطلب كلمة مرور جديدة من صفحة تسجيل الدخول، وأبلغ أحد المسؤولين.',
    ],
    action: { label: 'صفحة تسجيل الدخول', url: `${origin}/login` },
  }),

  new_device: ({ name, origin }, { user_agent, ip, time }) => ({
    subject: `تسجيل دخول جديد إلى حسابك في ${name}`,
    paragraphs: [
      `سُجّل الدخول إلى حسابك في ${name} من جهاز لم يُستخدم من قبل: ${describeUserAgent(user_agent, 'ar')}${ip ? `، من العنوان ${ip}` : ''}، في ${formatMoment(time, 'ar', 'UTC')} بالتوقيت العالمي.`,
      'إذا كنت أنت، فلا داعي لفعل شيء. وإلا فغيّر كلمة مرورك: يؤدي ذلك إلى تسجيل الخروج من جميع الأجهزة الأخرى.',
    ],
    action: { label: 'عرض أجهزتك', url: `${origin}/profile` },
  }),

  session_reuse: ({ name, origin }) => ({
    subject: `أُنهيت إحدى جلساتك في ${name}`,
    paragraphs: [
      `استُخدمت إحدى جلساتك في ${name} من مكانين بطريقة توحي بأنها نُسخت. لذلك أُنهيت الجلسة في كليهما.`,
      'سجّل الدخول من جديد. وإذا رأيت هناك أجهزة لا تعرفها، فغيّر كلمة مرورك.',
    ],
    action: { label: 'عرض أجهزتك', url: `${origin}/profile` },
  }),

  invitation: ({ name, via }, { link, inviter, department, isAdmin, expires_at }) => ({
    subject: `انضم إلى «${name}» عبر ${via}`,
    paragraphs: [
      `تلقيت دعوة من ${inviter ?? 'أحد المسؤولين'} للانضمام إلى بوابة موظفي «${name}»${isAdmin ? ' بصفة مسؤول' : ''}${department ? `، في قسم «${department}»` : ''}.`,
      'اختر كلمة مرور، وستصبح جاهزًا للدخول:',
    ],
    action: { label: 'قبول الدعوة', url: link },
    note: `يعمل الرابط مرة واحدة حتى ${formatDay(expires_at, 'ar')}. إذا كنت لا تعرف ما المقصود، فلا تفعل شيئًا. ${sentVia(via)}`,
  }),

  account_exists: ({ name, origin }) => ({
    subject: `لديك حساب في ${name} بالفعل`,
    paragraphs: [
      `حاول شخص ما استخدام هذا العنوان لإنشاء حساب في ${name}، ولديك حساب فيها بالفعل. لم يتغيّر شيء.`,
      'إذا كنت أنت، فسجّل الدخول. وإذا لم تعد تعرف كلمة المرور، فاطلب كلمة مرور جديدة من صفحة تسجيل الدخول.',
    ],
    action: { label: 'تسجيل الدخول', url: `${origin}/login` },
  }),

  tenant_notice({ name }, { organization, event, reason, until }) {
    const why = reason ? [`السبب المذكور: ${reason}`] : []
    const ask = `إذا لم تكن على علم بذلك، فاسأل القائمين على ${name} لديكم.`
    switch (event) {
      case 'suspended':
        return {
          subject: `عُلّقت ${organization}`,
          paragraphs: [
            `أُغلقت بوابة ${organization} مؤقتًا. لم يُفقد منها شيء، ولا يمكن لأحد تسجيل الدخول حتى تُفتح من جديد.`,
            ...why,
            ask,
          ],
        }
      case 'deletion_scheduled':
        return {
          subject: `ستُحذف ${organization}`,
          paragraphs: [
            `أُغلقت بوابة ${organization} وستُحذف بكل ما فيها${until ? ` بعد ${formatMoment(until, 'ar', 'UTC')} (UTC)` : ''}. ويمكن استعادتها حتى ذلك الحين.`,
            ...why,
            ask,
          ],
        }
      default:
        return {
          subject: `${organization} مفتوحة من جديد`,
          paragraphs: [
            event === 'restored'
              ? `لن تُحذف بوابة ${organization}، وقد عادت كما كانت.`
              : `بوابة ${organization} مفتوحة من جديد، ويمكن للجميع تسجيل الدخول كما في السابق.`,
          ],
        }
    }
  },

  signup_confirm: ({ via }, { name, link }) => ({
    subject: `أكّد تسجيل «${name}» عبر ${via}`,
    paragraphs: [`سجّل أحدهم، والأرجح أنه أنت، المؤسسة «${name}» بهذا العنوان. يُرجى تأكيد ذلك:`],
    action: { label: 'تأكيد التسجيل', url: link },
    note: `يعمل الرابط لمدة ثلاثة أيام. إن لم تكن قد سجّلت فلا تفعل شيئًا: لن يُنشأ شيء من دونه. ${sentVia(via)}`,
  }),

  signup_waiting: ({ origin }, { name, subdomain }) => ({
    subject: `${name} بانتظار قرارك`,
    paragraphs: [
      `سجّلت المؤسسة ${name} باسم النطاق ${subdomain} وأكّدت عنوان بريدها الإلكتروني. ستُنشأ حالما توافق عليها أنت أو مشغّل آخر.`,
    ],
    action: { label: 'عرض طلبات التسجيل', url: `${origin}/signups` },
  }),

  signup_approved: ({ name, origin }, { link }) => ({
    subject: `${name} جاهزة`,
    paragraphs: [`تمت الموافقة على تسجيل ${name}. بوابتها على العنوان ${origin}. اختر كلمة مرور لتصبح أول مسؤول فيها:`],
    action: { label: 'اختيار كلمة مرور', url: link },
    note: 'يعمل الرابط مرة واحدة ولمدة سبعة أيام. بعد ذلك اطلب كلمة مرور جديدة من صفحة تسجيل الدخول.',
  }),

  signup_refused: (_brand, { name, reason }) => ({
    subject: `بخصوص تسجيل ${name}`,
    paragraphs: [`شكرًا لتسجيلك ${name}. لقد راجعنا الطلب، ولا يمكن إنشاء المؤسسة هنا.`, ...(reason ? [reason] : [])],
  }),

  organizations: (_brand, { found }) => ({
    subject: 'مؤسساتك',
    paragraphs: [
      'سأل أحدهم أين يمكن تسجيل الدخول بهذا العنوان. يمكن ذلك هنا:',
      ...found.map(({ name, url }) => `${name}: ${url}`),
    ],
    note: 'إن لم تكن أنت من سأل فلا تفعل شيئًا.',
  }),
}

function sentVia(domain: string): string {
  return `أُرسلت هذه الرسالة عبر ${domain}، حيث للمؤسسات بوابات موظفيها. الأسماء الواردة فيها كما أُدخلت هناك.`
}
