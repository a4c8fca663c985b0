import type { Language } from '../../shared/dates.ts'
import type { Brand, Content } from '../mail/layout.ts'
import { defaultColor, layOut } from '../mail/layout.ts'
import type { Message } from '../mail/mailer.ts'
import { organizations } from '../mail/templates/organizations.ts'
import { signupConfirm } from '../mail/templates/signup-confirm.ts'
import { signupRefused } from '../mail/templates/signup-refused.ts'
import type { App } from './app.ts'
import type { Membership } from './organization-finder.ts'
import type { QueuedMail, QueuedSiteMail, SiteMailData, SiteMailKind } from './outbox.ts'
import { issueSignupLink } from './signup-links.ts'

interface Circumstances {
  app: App
  /** Where the address is known. */
  memberships: Membership[]
}

type Writer<Kind extends SiteMailKind> = (circumstances: Circumstances, data: SiteMailData[Kind]) => Promise<Content | undefined> | Content | undefined

const writers: { [Kind in SiteMailKind]: Writer<Kind> } = {
  async signup_confirm({ app }, { signup }) {
    const issued = await issueSignupLink(app, signup)
    return issued && signupConfirm(issued)
  },
  signup_refused: (_, facts) => signupRefused(facts),
  organizations({ app, memberships }, { language }) {
    const found = memberships.map(({ name, subdomain }) => ({ name, url: app.config.originOf(`${subdomain}.${app.config.baseDomain}`) }))
    return found.length === 0 ? undefined : organizations({ found: found.toSorted((a, b) => a.name.localeCompare(b.name)), language })
  },
}

/** Whether a mail is the site's own. */
export function isSiteMail(mail: QueuedMail): mail is QueuedSiteMail {
  return mail.kind in writers
}

/** Writes a mail of the site, which has no people and hence no realm; otherwise as `composeMail`. */
export async function composeSiteMail(app: App, mail: QueuedSiteMail, memberships: Map<string, Membership[]>): Promise<Message | undefined> {
  const { originOf, baseDomain } = app.config
  const brand: Brand = { name: 'Tenantry', origin: originOf(baseDomain), color: defaultColor, language: (mail.data.language as Language | undefined) ?? 'en' }
  const write = writers[mail.kind] as Writer<SiteMailKind>
  const content = await write({ app, memberships: memberships.get(mail.recipient) ?? [] }, mail.data as never)
  return content && { ...layOut(brand, content), id: mail.id, realm: mail.realm, sender: brand.name, to: mail.recipient, created: mail.created }
}
