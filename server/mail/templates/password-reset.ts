import type { Brand, Content } from '../layout.ts'

export function passwordReset({ name }: Brand, { link }: { link: string }): Content {
  return {
    subject: `Set a new password for ${name}`,
    paragraphs: [`Someone asked for a new password for your account at ${name}. If it was you, set one here:`],
    action: { label: 'Set a new password', url: link },
    note: 'The link works once, for one hour, and a newer one puts it out of use. If you have not asked for it, do nothing: your password stays as it is.',
  }
}
