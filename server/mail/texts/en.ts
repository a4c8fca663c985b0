import type { MailTexts, Notices } from '#server/mail/facts.ts'
import { formatDay, formatMoment } from '#shared/dates.ts'
import { describeUserAgent } from '#shared/user-agent.ts'
import { factorNotices } from './factor-notices.en.ts'

export const en: MailTexts = {
  activation: ({ name, via }, { link }) => ({
    subject: `Activate your account at “${name}” via ${via}`,
    paragraphs: [
      `Someone registered an account at “${name}” with this email address. If it was you, activate your account:`,
    ],
    action: { label: 'Activate account', url: link },
    note: `The link expires in 3 days. If it was not you, ignore this email: the account cannot be used unless it is activated. ${sentVia(via)}`,
  }),

  password_reset: ({ name }, { link }) => ({
    subject: `Set a new password for ${name}`,
    paragraphs: [`Someone requested a new password for your account at ${name}. If it was you, set a new password:`],
    action: { label: 'Set a new password', url: link },
    note: 'The link works once and expires in 1 hour. If you request a newer link, this one stops working. If it was not you, ignore this email: your password has not changed.',
  }),

  welcome: ({ name, via }, { link }) => ({
    subject: `Your account at “${name}” via ${via}`,
    paragraphs: [`You have an account at “${name}”. Choose a password to sign in:`],
    action: { label: 'Choose a password', url: link },
    note: `The link works once and expires in 7 days. After that, request a new password on the sign-in page. ${sentVia(via)}`,
  }),

  email_change: ({ name, via }, { link }) => ({
    subject: `Confirm your new email address at “${name}” via ${via}`,
    paragraphs: [
      `Someone asked to change the email address of an account at “${name}” to this one. If it was you, confirm it:`,
    ],
    action: { label: 'Confirm email address', url: link },
    note: `The link works once and expires in 24 hours. If it was not you, ignore this email: nothing changes. ${sentVia(via)}`,
  }),

  email_changed: ({ name }) => ({
    subject: `Your email address at ${name} was changed`,
    paragraphs: [
      `The email address of your account at ${name} was changed. Sign in with the new address from now on. We no longer send emails about the account to this address.`,
      `If it was not you, contact an admin of ${name} immediately.`,
    ],
  }),

  email_assigned: ({ name, via, origin }) => ({
    subject: `The email address of your account at “${name}” via ${via}`,
    paragraphs: [
      `An admin of “${name}” has changed the email address of your account to this one. Sign in with it and your password from now on. You are signed out on all devices.`,
    ],
    action: { label: 'Go to sign-in page', url: `${origin}/login` },
    note: `If you do not know “${name}”, ignore this email. ${sentVia(via)}`,
  }),

  password_changed: ({ name, origin }) => ({
    subject: `Your password for ${name} was changed`,
    paragraphs: [
      `The password of your account at ${name} was changed. You are signed out on your other devices.`,
      'If it was not you, request a new password on the sign-in page and contact an admin.',
    ],
    action: { label: 'Go to sign-in page', url: `${origin}/login` },
  }),

  new_device: ({ name, origin }, { user_agent, ip, time }) => ({
    subject: `New sign-in to your account at ${name}`,
    paragraphs: [
      `Someone signed in to your account at ${name} on a new device: ${describeUserAgent(user_agent, 'en')}${ip ? `, IP address ${ip}` : ''}, on ${formatMoment(time, 'en', 'UTC')} UTC.`,
      'If it was you, you do not need to do anything. If it was not you, change your password. This signs out all other devices.',
    ],
    action: { label: 'Review your sessions', url: `${origin}/profile` },
  }),

  factor_notice({ name, origin }, facts) {
    const { subject, text, advice } = factorNotices[facts.event](name, facts)
    return {
      subject,
      paragraphs: [text, advice],
      action: { label: 'Review your security settings', url: `${origin}/profile` },
    }
  },

  session_reuse: ({ name, origin }) => ({
    subject: `One of your sessions at ${name} was ended`,
    paragraphs: [
      `One of your sessions at ${name} was used in two places and may have been copied. We have ended the session.`,
      'Sign in again and review your sessions. If you do not recognise a device, change your password.',
    ],
    action: { label: 'Review your sessions', url: `${origin}/profile` },
  }),

  invitation: ({ name, via }, { link, inviter, department, isAdmin, expires_at }) => ({
    subject: `Join “${name}” via ${via}`,
    paragraphs: [
      `${inviter ?? 'An admin'} has invited you to the staff portal of “${name}”${isAdmin ? ' as an admin' : ''}${department ? `, in the department “${department}”` : ''}.`,
      'Accept the invitation and choose a password:',
    ],
    action: { label: 'Accept invitation', url: link },
    note: `The link works once, until ${formatDay(expires_at, 'en')}. If you did not expect this invitation, ignore this email. ${sentVia(via)}`,
  }),

  account_exists: ({ name, origin }) => ({
    subject: `You already have an account at ${name}`,
    paragraphs: [
      `Someone tried to use this email address for an account at ${name}, but you already have one. Nothing has changed.`,
      'If it was you, sign in. If you have forgotten your password, request a new one on the sign-in page.',
    ],
    action: { label: 'Sign in', url: `${origin}/login` },
  }),

  tenant_notice({ name }, notice) {
    const { subject, text } = notices[notice.event](notice)
    if (notice.event === 'resumed' || notice.event === 'restored') return { subject, paragraphs: [text] }
    const why = notice.reason ? [`Reason: ${notice.reason}`] : []
    return { subject, paragraphs: [text, ...why, `If you have questions, contact the operators of ${name}.`] }
  },

  signup_confirm: ({ via }, { name, link }) => ({
    subject: `Confirm the sign-up of “${name}” via ${via}`,
    paragraphs: [
      `Someone signed up the organisation “${name}” with this email address. If it was you, confirm the sign-up:`,
    ],
    action: { label: 'Confirm sign-up', url: link },
    note: `The link expires in 3 days. If it was not you, ignore this email: no organisation is created. ${sentVia(via)}`,
  }),

  signup_waiting: ({ origin }, { name, subdomain }) => ({
    subject: `${name} is pending approval`,
    paragraphs: [
      `${name} has signed up with the subdomain ${subdomain} and confirmed the email address. The organisation is created when you or another operator approves it.`,
    ],
    action: { label: 'Review sign-ups', url: `${origin}/signups` },
  }),

  signup_approved: ({ name, origin }, { link }) => ({
    subject: `${name} is ready`,
    paragraphs: [`${name} is ready. Its portal is at ${origin}. Choose a password to become its first admin:`],
    action: { label: 'Choose a password', url: link },
    note: 'The link works once and expires in 7 days. After that, request a new password on the sign-in page.',
  }),

  signup_refused: (_brand, { name, reason }) => ({
    subject: `About the sign-up of ${name}`,
    paragraphs: [
      `Thank you for signing up ${name}. We have reviewed the sign-up and cannot approve it.`,
      ...(reason ? [reason] : []),
    ],
  }),

  organizations: (_brand, { found }) => ({
    subject: 'Your organisations',
    paragraphs: [
      'Someone requested a list of the organisations where this email address has an account:',
      ...found.map(({ name, url }) => `${name}: ${url}`),
    ],
    note: 'If it was not you, ignore this email.',
  }),
}

const notices: Notices = {
  suspended: ({ organization }) => ({
    subject: `${organization} has been suspended`,
    text: `${organization} has been suspended and its portal is closed. Nobody can sign in until the organisation is resumed. No data has been deleted.`,
  }),
  deletion_scheduled: ({ organization, until }) => ({
    subject: `${organization} is scheduled for deletion`,
    text: `The portal of ${organization} has been closed. The organisation and all its data will be permanently deleted${until ? ` after ${formatMoment(until, 'en', 'UTC')} UTC` : ''}. It can be restored until then.`,
  }),
  restored: ({ organization }) => ({
    subject: `${organization} is open again`,
    text: `The deletion of ${organization} has been cancelled. It has the same status as before.`,
  }),
  resumed: ({ organization }) => ({
    subject: `${organization} is open again`,
    text: `The portal of ${organization} is open again. Everyone can sign in as before.`,
  }),
}

// Anyone can choose the names in a mail, so each mail to a new address also says who sent it.
function sentVia(domain: string): string {
  return `Sent via ${domain}, which hosts staff portals for organisations. Names in this email were entered by users.`
}
