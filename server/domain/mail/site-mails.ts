import type { App } from '#server/domain/context.ts'
import { issueSignupLink } from '#server/domain/signups/links.ts'
import type { Membership } from '#server/domain/tenants/finder.ts'
import { tenantOrigin } from '#server/domain/tenants/origins.ts'
import type { MailTexts } from '#server/mail/facts.ts'
import type { Brand, Content } from '#server/mail/layout.ts'
import { defaultColor } from '#server/mail/layout.ts'
import type { Message } from '#server/mail/message.ts'
import { nameInMail } from '#server/mail/names.ts'
import { mailTexts } from '#server/mail/texts.ts'
import type { Language } from '#shared/dates.ts'
import { addressMail } from './compose.ts'
import type { QueuedMail, QueuedSiteMail, SiteMailData, SiteMailKind } from './kinds.ts'

interface Circumstances {
  app: App
  /** The portals where the address is known. */
  memberships: Membership[]
  brand: Brand
  texts: MailTexts
}

type Writer<Kind extends SiteMailKind> = (
  circumstances: Circumstances,
  data: SiteMailData[Kind],
) => Promise<Content | undefined> | Content | undefined

const writers: { [Kind in SiteMailKind]: Writer<Kind> } = {
  async signup_confirm({ app, brand, texts }, { signup }) {
    const issued = await issueSignupLink(app, signup)
    return issued && texts.signup_confirm(brand, { ...issued, name: nameInMail(issued.name) })
  },
  signup_refused: ({ brand, texts }, facts) => texts.signup_refused(brand, { ...facts, name: nameInMail(facts.name) }),
  organizations({ app, memberships, brand, texts }) {
    const found = memberships.map(membership => ({
      name: nameInMail(membership.name),
      url: tenantOrigin(app.config, membership),
    }))
    return found.length === 0
      ? undefined
      : texts.organizations(brand, { found: found.toSorted((a, b) => a.name.localeCompare(b.name)) })
  },
}

/** Whether a mail is the site's own. */
export function isSiteMail(mail: QueuedMail): mail is QueuedSiteMail {
  return mail.kind in writers
}

/** Writes a mail of the site, which has no users and no realm; otherwise like `composeMail`. */
export async function composeSiteMail(
  app: App,
  mail: QueuedSiteMail,
  memberships: Map<string, Membership[]>,
): Promise<Message | undefined> {
  const language = mail.data.language as Language
  const brand = siteBrand(app, language)
  const write = writers[mail.kind] as Writer<SiteMailKind>
  const content = await write(
    { app, memberships: memberships.get(mail.recipient) ?? [], brand, texts: mailTexts[language] },
    mail.data as never,
  )
  return content && addressMail(mail, 'site', brand.name, brand, content)
}

function siteBrand({ config: { originOf, baseDomain } }: App, language: Language): Brand {
  return { name: 'Tenantry', via: baseDomain, origin: originOf(baseDomain), color: defaultColor, language }
}
