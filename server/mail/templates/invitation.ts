import type { Brand, Content } from '../layout.ts'

export function invitation({ name }: Brand, { link, inviter }: { link: string, inviter: string | null }): Content {
  return {
    subject: `Join ${name}`,
    paragraphs: [`${inviter ?? 'An admin'} has invited you to ${name}. Choose a password, and you are in:`],
    action: { label: 'Accept the invitation', url: link },
    note: 'The link works once, for seven days. If you do not know what this is about, do nothing.',
  }
}
