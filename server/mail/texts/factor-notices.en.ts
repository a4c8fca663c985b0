import type { FactorNotices } from '#server/mail/facts.ts'

export const factorNotices: FactorNotices = {
  added: (organization, { name }) => ({
    subject: `A second factor was added to your account at ${organization}`,
    text: `“${name}” was added to your account at ${organization}. You can sign in with it.`,
    advice: 'If it was not you, change your password and contact an admin immediately.',
  }),
  removed: (organization, { name }) => ({
    subject: `A second factor was removed from your account at ${organization}`,
    text: `“${name}” was removed from your account at ${organization}.`,
    advice: 'If it was not you, change your password and contact an admin immediately.',
  }),
  reset: organization => ({
    subject: `Your second factors at ${organization} were removed`,
    text: `An admin has removed all second factors of your account at ${organization}. You are signed out on all devices. Sign in with your password, and add a second factor again.`,
    advice: 'If you did not ask for it, contact an admin immediately.',
  }),
  recovery_code_used: (organization, { left }) => ({
    subject: `A recovery code was used to sign in at ${organization}`,
    text: `Someone signed in to your account at ${organization} with your password and a recovery code. Unused recovery codes: ${left}.`,
    advice:
      left! > 3
        ? 'If it was not you, change your password and contact an admin immediately.'
        : 'Get new recovery codes soon. If it was not you, change your password and contact an admin immediately.',
  }),
  recovery_codes_replaced: organization => ({
    subject: `New recovery codes for your account at ${organization}`,
    text: `New recovery codes were made for your account at ${organization}. The former ones no longer work.`,
    advice: 'If it was not you, change your password and contact an admin immediately.',
  }),
  wrong_codes: organization => ({
    subject: `Someone knows your password for ${organization}`,
    text: `Someone entered your password for ${organization} and then many wrong codes of your authenticator app. They were not let in.`,
    advice: 'If it was not you, change your password now.',
  }),
}
