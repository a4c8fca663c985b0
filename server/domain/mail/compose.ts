import { and, eq, or, sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { consoleRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { issueInvitationLink } from '#server/domain/invitations/accept.ts'
import type { LinkPurpose } from '#server/domain/sessions/one-time-links.ts'
import { inviteLife, isReachable, issueLink } from '#server/domain/sessions/one-time-links.ts'
import { identityColumns, tenantRealmOf } from '#server/domain/tenants/origins.ts'
import type { MailTexts } from '#server/mail/facts.ts'
import type { Brand, Content } from '#server/mail/layout.ts'
import { defaultColor, layOut } from '#server/mail/layout.ts'
import type { Message } from '#server/mail/message.ts'
import { nameInMail } from '#server/mail/names.ts'
import { mailTexts } from '#server/mail/texts.ts'
import type { Language } from '#shared/dates.ts'
import type { MailData, MailKind, QueuedMail, QueuedRealmMail } from './kinds.ts'

/**
 * Writes a mail when it is sent. Its links are created at this time only.
 * @returns undefined if there is nothing to send, for example to an unknown address
 */
export async function composeMail(app: App, mail: QueuedRealmMail): Promise<Message | undefined> {
  const authRealm = await findRealm(app, mail.realm)
  if (!authRealm) return undefined
  const brand = await findBrand(app, authRealm, mail)
  const write = writers[mail.kind] as Writer<MailKind>
  const content = await write(
    { authRealm, brand, texts: mailTexts[brand.language], to: mail.recipient },
    mail.data as never,
  )
  const sender = strangersMails.has(mail.kind) ? `${brand.name} via ${brand.via}` : brand.name
  return content && addressMail(mail, mail.realm, sender, brand, content)
}

/** @param realm for whose mailbox it is, in development */
export function addressMail(
  { id, recipient, created }: QueuedMail,
  realm: string,
  sender: string,
  brand: Brand,
  content: Content,
): Message {
  return { ...layOut(brand, content), id, realm, sender, to: recipient, created }
}

/** The kinds of mail whose recipient may not know the organisation. */
const strangersMails: ReadonlySet<MailKind> = new Set([
  'activation',
  'welcome',
  'email_change',
  'email_assigned',
  'invitation',
])

interface Circumstances {
  authRealm: AuthRealm
  brand: Brand
  texts: MailTexts
  to: string
}

type Writer<Kind extends MailKind> = (
  circumstances: Circumstances,
  data: MailData[Kind],
) => Promise<Content | undefined> | Content | undefined

const writers: { [Kind in MailKind]: Writer<Kind> } = {
  activation: ({ authRealm, brand, texts }, { user }) =>
    withLink(authRealm, user, 'activation', link => texts.activation(brand, { link })),
  async activation_request(circumstances) {
    const user = await findReachable(circumstances.authRealm, circumstances.to)
    return user && !user.activated_at ? writers.activation(circumstances, { user: user.id }) : undefined
  },
  async password_reset({ authRealm, brand, texts, to }) {
    const user = await findReachable(authRealm, to)
    return user && withLink(authRealm, user.id, 'reset', link => texts.password_reset(brand, { link }))
  },
  welcome: ({ authRealm, brand, texts }, { user }) =>
    withLink(authRealm, user, 'reset', link => texts.welcome(brand, { link }), { life: inviteLife }),
  async email_change({ authRealm, brand, texts, to }, { user }) {
    // The address is taken: its owner is told, the requester is not.
    if (await findReachable(authRealm, to)) return texts.account_exists(brand, {})
    // A newer request may be for another address.
    return withLink(authRealm, user, 'email', link => texts.email_change(brand, { link }), { email: to })
  },
  email_changed: ({ brand, texts }) => texts.email_changed(brand, {}),
  email_assigned: ({ brand, texts }) => texts.email_assigned(brand, {}),
  password_changed: ({ brand, texts }) => texts.password_changed(brand, {}),
  new_device: ({ brand, texts }, facts) => texts.new_device(brand, facts),
  factor_notice: ({ brand, texts }, facts) =>
    texts.factor_notice(brand, { ...facts, name: facts.name && nameInMail(facts.name) }),
  session_reuse: ({ brand, texts }) => texts.session_reuse(brand, {}),
  async invitation({ authRealm, brand, texts }, { invitation }) {
    const issued = await issueInvitationLink(authRealm as AuthRealm<TenantRealm>, invitation)
    if (!issued) return undefined
    const { link, inviter, department, role, expires_at } = issued
    return texts.invitation(brand, {
      link,
      // A user without a name is shown by their address, which is verified.
      inviter: inviter && (nameInMail(`${inviter.first_name} ${inviter.last_name}`) || inviter.email),
      department: department && nameInMail(department),
      isAdmin: role === 'Admin',
      expires_at: expires_at.toISOString(),
    })
  },
  async account_exists({ authRealm, brand, texts, to }) {
    return (await findReachable(authRealm, to)) ? texts.account_exists(brand, {}) : undefined
  },
  tenant_notice: ({ brand, texts }, facts) =>
    texts.tenant_notice(brand, { ...facts, organization: nameInMail(facts.organization) }),
  signup_waiting: ({ brand, texts }, facts) => texts.signup_waiting(brand, { ...facts, name: nameInMail(facts.name) }),
  signup_approved: ({ authRealm, brand, texts }, { user }) =>
    withLink(authRealm, user, 'welcome', link => texts.signup_approved(brand, { link })),
}

async function withLink(
  authRealm: AuthRealm,
  user: string,
  purpose: LinkPurpose,
  write: (link: string) => Content,
  options: { life?: number; email?: string } = {},
): Promise<Content | undefined> {
  const link = await issueLink(authRealm.realm.db, authRealm, user, purpose, options)
  return link === undefined ? undefined : write(link)
}

async function findReachable({ realm }: AuthRealm, email: string) {
  const { users } = realm.tables
  const rows = await realm.db
    .select({ id: users.id, activated_at: users.activated_at })
    .from(users)
    .where(and(eq(users.email, email), isReachable(realm)))
  return rows[0]
}

async function findBrand({ config }: App, authRealm: AuthRealm, mail: QueuedRealmMail): Promise<Brand> {
  const { name, origin } = authRealm
  const given = mail.data.language as Language | undefined
  const [own, { color, language }] = await Promise.all([findLanguage(authRealm, mail), findSettings(authRealm)])
  return { name: nameInMail(name), via: config.baseDomain, origin, color, language: own ?? given ?? language }
}

// The language of the user with this address; for a new or former address, of the user whom the mail is about.
async function findLanguage({ realm }: AuthRealm, { recipient, data }: QueuedRealmMail): Promise<Language | null> {
  const { users } = realm.tables
  const about = typeof data.user === 'string' ? eq(users.id, data.user) : undefined
  const rows = await realm.db
    .select({ language: users.language })
    .from(users)
    .where(or(eq(users.email, recipient), about))
    .orderBy(sql`${users.email} = ${recipient} desc`)
    .limit(1)
  return rows[0]?.language ?? null
}

async function findSettings({ kind, realm }: AuthRealm): Promise<{ color: string; language: Language }> {
  if (kind === 'platform') return { color: defaultColor, language: 'en' }
  const { settings } = (realm as TenantRealm).tables
  const rows = await realm.db.select({ color: settings.brand_color, language: settings.language }).from(settings)
  return { color: rows[0]?.color ?? defaultColor, language: rows[0]?.language ?? 'en' }
}

async function findRealm(app: App, realm: string): Promise<AuthRealm | undefined> {
  if (realm === 'platform') return consoleRealm(app)
  const { tenants } = app.database.platform.tables
  const rows = await app.database.platform.db
    .select(identityColumns(tenants))
    .from(tenants)
    .where(eq(tenants.id, realm))
  return rows[0] && tenantRealmOf(app, rows[0])
}
