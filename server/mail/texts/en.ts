import type { MailTexts } from '#server/mail/facts.ts'
import { formatDay, formatMoment } from '#shared/dates.ts'
import { describeUserAgent } from '#shared/user-agent.ts'

export const en: MailTexts = {
  activation: ({ name, via }, { link }) => ({
    subject: `Activate your account at “${name}” via ${via}`,
    paragraphs: [`Someone has registered this address at “${name}”. If it was you, activate your account:`],
    action: { label: 'Activate account', url: link },
    note: `The link works for three days. If you have not registered, do nothing: without it the account cannot be used. ${sentVia(via)}`,
  }),

  password_reset: ({ name }, { link }) => ({
    subject: `Set a new password for ${name}`,
    paragraphs: [`Someone asked for a new password for your account at ${name}. If it was you, set one here:`],
    action: { label: 'Set a new password', url: link },
    note: 'The link works once, for one hour, and a newer one puts it out of use. If you have not asked for it, do nothing: your password stays as it is.',
  }),

  welcome: ({ name, via }, { link }) => ({
    subject: `Your account at “${name}” via ${via}`,
    paragraphs: [`You have an account at “${name}”. Choose a password to sign in with:`],
    action: { label: 'Choose a password', url: link },
    note: `The link works once, for seven days. After that, ask for a new password on the sign-in page. ${sentVia(via)}`,
  }),

  email_change: ({ name, via }, { link }) => ({
    subject: `Confirm your new e-mail address at “${name}” via ${via}`,
    paragraphs: [`Someone wants to sign in at “${name}” with this address from now on. If it was you, confirm it:`],
    action: { label: 'Confirm this address', url: link },
    note: `The link works once, for one day. If it was not you, do nothing: nothing changes without it. ${sentVia(via)}`,
  }),

  email_changed: ({ name }) => ({
    subject: `Your e-mail address at ${name} was changed`,
    paragraphs: [
      `Your account at ${name} has a new e-mail address. From now on you sign in with that one, and this address gets no more mail about the account.`,
      `If it was not you, tell an admin of ${name} at once.`,
    ],
  }),

  password_changed: ({ name, origin }) => ({
    subject: `Your password for ${name} was changed`,
    paragraphs: [
      `The password of your account at ${name} has just been changed, and other devices were signed out.`,
      'If it was not you, ask for a new password on the sign-in page, and tell an admin.',
    ],
    action: { label: 'Go to the sign-in page', url: `${origin}/login` },
  }),

  new_device: ({ name, origin }, { user_agent, ip, time }) => ({
    subject: `New sign-in to your account at ${name}`,
    paragraphs: [
      `Your account at ${name} was signed in to from a device that has not been seen before: ${describeUserAgent(user_agent, 'en')}${ip ? `, from the address ${ip}` : ''}, on ${formatMoment(time, 'en', 'UTC')} UTC.`,
      'If it was you, there is nothing to do. If not, change your password: that signs out every other device.',
    ],
    action: { label: 'See where you are signed in', url: `${origin}/profile` },
  }),

  session_reuse: ({ name, origin }) => ({
    subject: `A session of yours at ${name} was ended`,
    paragraphs: [
      `A sign-in of yours at ${name} was used from two places in a way that suggests it was copied. That session was ended on both.`,
      'Sign in again. If you see devices there that you do not know, change your password.',
    ],
    action: { label: 'See where you are signed in', url: `${origin}/profile` },
  }),

  invitation: ({ name, via }, { link, inviter, department, isAdmin, expires_at }) => ({
    subject: `Join “${name}” via ${via}`,
    paragraphs: [
      `${inviter ?? 'An admin'} has invited you to the staff portal of “${name}”${isAdmin ? ' as an admin' : ''}${department ? `, in the department “${department}”` : ''}.`,
      'Choose a password, and you can sign in:',
    ],
    action: { label: 'Accept the invitation', url: link },
    note: `The link works once, until ${formatDay(expires_at, 'en')}. If you do not know what this is about, do nothing. ${sentVia(via)}`,
  }),

  account_exists: ({ name, origin }) => ({
    subject: `You have an account at ${name} already`,
    paragraphs: [
      `Someone has tried to use this address for an account at ${name}, where you have one already. Nothing has changed.`,
      'If it was you, sign in. If you do not know the password any more, ask for a new one on the sign-in page.',
    ],
    action: { label: 'Sign in', url: `${origin}/login` },
  }),

  tenant_notice({ name }, { organization, event, reason, until }) {
    const why = reason ? [`The reason that was given: ${reason}`] : []
    const ask = `If this is news to you, please ask whoever runs ${name} for you.`
    switch (event) {
      case 'suspended':
        return {
          subject: `${organization} has been suspended`,
          paragraphs: [
            `The portal of ${organization} has been closed for the time being. Nothing in it has been lost, and nobody can sign in until it is opened again.`,
            ...why,
            ask,
          ],
        }
      case 'deletion_scheduled':
        return {
          subject: `${organization} is going to be deleted`,
          paragraphs: [
            `The portal of ${organization} has been closed and is going to be deleted with all that is in it${until ? ` after ${formatMoment(until, 'en', 'UTC')} UTC` : ''}. Until then it can be restored.`,
            ...why,
            ask,
          ],
        }
      default:
        return {
          subject: `${organization} is open again`,
          paragraphs: [
            event === 'restored'
              ? `The portal of ${organization} will not be deleted. It is as it was before.`
              : `The portal of ${organization} is open again. Everyone can sign in as before.`,
          ],
        }
    }
  },

  signup_confirm: ({ via }, { name, link }) => ({
    subject: `Confirm the sign-up of “${name}” via ${via}`,
    paragraphs: [`Someone, most likely you, has signed up “${name}” with this address. Please confirm it:`],
    action: { label: 'Confirm the sign-up', url: link },
    note: `The link works for three days. If you have not signed up, do nothing: nothing is made without it. ${sentVia(via)}`,
  }),

  signup_waiting: ({ origin }, { name, subdomain }) => ({
    subject: `${name} waits for your decision`,
    paragraphs: [
      `${name} has signed up, as ${subdomain}, and has confirmed its e-mail address. It is made as soon as you or another operator approves it.`,
    ],
    action: { label: 'Look at the sign-ups', url: `${origin}/signups` },
  }),

  signup_approved: ({ name, origin }, { link }) => ({
    subject: `${name} is ready`,
    paragraphs: [
      `The sign-up of ${name} was approved. Its portal is at ${origin}. Choose a password, and you are its first admin:`,
    ],
    action: { label: 'Choose a password', url: link },
    note: 'The link works once, for seven days. After that, ask for a new password on the sign-in page.',
  }),

  signup_refused: (_brand, { name, reason }) => ({
    subject: `About the sign-up of ${name}`,
    paragraphs: [
      `Thank you for signing up ${name}. It was looked at, and cannot be set up here.`,
      ...(reason ? [reason] : []),
    ],
  }),

  organizations: (_brand, { found }) => ({
    subject: 'Your organisations',
    paragraphs: [
      'Someone asked where this address can sign in. It is here:',
      ...found.map(({ name, url }) => `${name}: ${url}`),
    ],
    note: 'If it was not you, do nothing.',
  }),
}

// Names are chosen by users. This sentence of ours tells the reader who really sends the mail.
function sentVia(domain: string): string {
  return `Sent via ${domain}, where organisations have their staff portals. The names in it are as they were entered there.`
}
