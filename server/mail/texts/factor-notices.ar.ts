import type { FactorNotices } from '#server/mail/facts.ts'

export const factorNotices: FactorNotices = {
  added: (organization, { name }) => ({
    subject: `أُضيف عامل تحقق ثانٍ إلى حسابك في ${organization}`,
    text: `أُضيف «${name}» إلى حسابك في ${organization}. يمكنك تسجيل الدخول به.`,
    advice: 'إذا لم تكن أنت، فغيّر كلمة مرورك وتواصل مع أحد المسؤولين فورًا.',
  }),
  removed: (organization, { name }) => ({
    subject: `أُزيل عامل تحقق ثانٍ من حسابك في ${organization}`,
    text: `أُزيل «${name}» من حسابك في ${organization}.`,
    advice: 'إذا لم تكن أنت، فغيّر كلمة مرورك وتواصل مع أحد المسؤولين فورًا.',
  }),
  reset: organization => ({
    subject: `أُزيلت عوامل التحقق الثانية الخاصة بك في ${organization}`,
    text: `أزال أحد المسؤولين جميع عوامل التحقق الثانية من حسابك في ${organization}. سُجّل خروجك من جميع الأجهزة. سجّل الدخول بكلمة مرورك، ثم أضف عاملًا ثانيًا من جديد.`,
    advice: 'إذا لم تطلب ذلك، فتواصل مع أحد المسؤولين فورًا.',
  }),
  recovery_code_used: (organization, { left }) => ({
    subject: `استُخدم رمز استرداد لتسجيل الدخول في ${organization}`,
    text: `سجّل شخص ما الدخول إلى حسابك في ${organization} بكلمة مرورك ورمز استرداد. رموز الاسترداد غير المستخدمة: ${left}.`,
    advice:
      left! > 3
        ? 'إذا لم تكن أنت، فغيّر كلمة مرورك وتواصل مع أحد المسؤولين فورًا.'
        : 'احصل على رموز استرداد جديدة قريبًا. إذا لم تكن أنت، فغيّر كلمة مرورك وتواصل مع أحد المسؤولين فورًا.',
  }),
  recovery_codes_replaced: organization => ({
    subject: `رموز استرداد جديدة لحسابك في ${organization}`,
    text: `أُنشئت رموز استرداد جديدة لحسابك في ${organization}. لم تعد الرموز السابقة صالحة.`,
    advice: 'إذا لم تكن أنت، فغيّر كلمة مرورك وتواصل مع أحد المسؤولين فورًا.',
  }),
  wrong_codes: organization => ({
    subject: `شخص ما يعرف كلمة مرورك في ${organization}`,
    text: `أدخل شخص ما كلمة مرورك في ${organization} ثم رموزًا خاطئة كثيرة من تطبيق المصادقة. لم يُسمح له بالدخول.`,
    advice: 'إذا لم تكن أنت، فغيّر كلمة مرورك الآن.',
  }),
}
