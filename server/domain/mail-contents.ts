import { and, eq } from 'drizzle-orm'
import type { Brand, Content } from '../mail/layout.ts'
import { defaultColor, layOut } from '../mail/layout.ts'
import type { Message } from '../mail/mailer.ts'
import { accountExists } from '../mail/templates/account-exists.ts'
import { activation } from '../mail/templates/activation.ts'
import { emailChange } from '../mail/templates/email-change.ts'
import { emailChanged } from '../mail/templates/email-changed.ts'
import { invitation } from '../mail/templates/invitation.ts'
import { newDevice } from '../mail/templates/new-device.ts'
import { passwordChanged } from '../mail/templates/password-changed.ts'
import { passwordReset } from '../mail/templates/password-reset.ts'
import { sessionReuse } from '../mail/templates/session-reuse.ts'
import { signupApproved } from '../mail/templates/signup-approved.ts'
import { signupWaiting } from '../mail/templates/signup-waiting.ts'
import { welcome } from '../mail/templates/welcome.ts'
import type { TenantRealm } from '../database/realms.ts'
import type { App } from './app.ts'
import type { AuthRealm } from './auth-realm.ts'
import { platformAuthRealm, tenantAuthRealm } from './auth-realm.ts'
import { inviteLife, isReachable, issueLink } from './one-time-links.ts'
import { issueInvitationLink } from './invitations.ts'
import type { MailData, MailKind, QueuedRealmMail } from './outbox.ts'

/**
 * Writes a mail, at the moment it is sent: the links in it are made now, and only now.
 * @returns undefined where there is nothing to say, as to an address that nobody here has
 */
export async function composeMail(app: App, mail: QueuedRealmMail): Promise<Message | undefined> {
  const authRealm = await findRealm(app, mail.realm)
  if (!authRealm) return undefined
  const brand: Brand = { name: authRealm.name, origin: authRealm.origin, color: await findColor(authRealm) }
  const write = writers[mail.kind] as Writer<MailKind>
  const content = await write({ authRealm, brand, to: mail.recipient }, mail.data as never)
  return content && { ...layOut(brand, content), id: mail.id, realm: mail.realm, sender: authRealm.name, to: mail.recipient, created: mail.created }
}

interface Circumstances { authRealm: AuthRealm, brand: Brand, to: string }

type Writer<Kind extends MailKind> = (circumstances: Circumstances, data: MailData[Kind]) => Promise<Content | undefined> | Content | undefined

const writers: { [Kind in MailKind]: Writer<Kind> } = {
  activation: ({ authRealm, brand }, { user }) => withLink(authRealm, user, 'activation', link => activation(brand, { link })),
  async activation_request(circumstances) {
    const user = await findReachable(circumstances.authRealm, circumstances.to)
    return user && !user.activated_at ? writers.activation(circumstances, { user: user.id }) : undefined
  },
  async password_reset({ authRealm, brand, to }) {
    const user = await findReachable(authRealm, to)
    return user && withLink(authRealm, user.id, 'reset', link => passwordReset(brand, { link }))
  },
  welcome: ({ authRealm, brand }, { user }) => withLink(authRealm, user, 'reset', link => welcome(brand, { link }), inviteLife),
  async email_change({ authRealm, brand, to }, { user }) {
    // Taken: whoever asked for it is not told, the owner is.
    if (await findReachable(authRealm, to)) return accountExists(brand)
    return withLink(authRealm, user, 'email', link => emailChange(brand, { link }), undefined, to)
  },
  email_changed: ({ brand }) => emailChanged(brand),
  password_changed: ({ brand }) => passwordChanged(brand),
  new_device: ({ brand }, facts) => newDevice(brand, facts),
  session_reuse: ({ brand }) => sessionReuse(brand),
  async invitation({ authRealm, brand }, { invitation: id }) {
    const issued = await issueInvitationLink(authRealm as AuthRealm<TenantRealm>, id)
    return issued && invitation(brand, { link: issued.link, inviter: issued.inviter })
  },
  async account_exists({ authRealm, brand, to }) {
    return await findReachable(authRealm, to) ? accountExists(brand) : undefined
  },
  signup_waiting: ({ brand }, facts) => signupWaiting(brand, facts),
  signup_approved: ({ authRealm, brand }, { user, language }) => withLink(authRealm, user, 'reset', link => signupApproved(brand, { link, language }), inviteLife),
}

/** @param email the new address that the link must be about: a newer request may be for another */
async function withLink(authRealm: AuthRealm, user: string, purpose: 'reset' | 'activation' | 'email', write: (link: string) => Content, life?: number, email?: string): Promise<Content | undefined> {
  const link = await issueLink(authRealm.realm.db, authRealm, user, purpose, { life, email })
  return link === undefined ? undefined : write(link)
}

async function findReachable({ realm }: AuthRealm, email: string) {
  const { users } = realm.tables
  const rows = await realm.db.select({ id: users.id, activated_at: users.activated_at }).from(users).where(and(eq(users.email, email), isReachable(realm)))
  return rows[0]
}

async function findColor({ kind, realm }: AuthRealm): Promise<string> {
  if (kind === 'platform') return defaultColor
  const { settings } = (realm as TenantRealm).tables
  const rows = await realm.db.select({ brand_color: settings.brand_color }).from(settings)
  return rows[0]?.brand_color ?? defaultColor
}

async function findRealm(app: App, realm: string): Promise<AuthRealm | undefined> {
  const { originOf, baseDomain } = app.config
  if (realm === 'platform') return platformAuthRealm(app.database, originOf(`console.${baseDomain}`))
  const { db, tables: { tenants } } = app.database.platform
  const rows = await db.select({ id: tenants.id, name: tenants.name, schema: tenants.schema, subdomain: tenants.subdomain }).from(tenants).where(eq(tenants.id, realm))
  return rows[0] && tenantAuthRealm(app.database, { ...rows[0], origin: originOf(`${rows[0].subdomain}.${baseDomain}`) })
}
