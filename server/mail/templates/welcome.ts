import type { Brand, Content } from '../layout.ts'

/** To someone for whom an admin has made an account without a password. */
export function welcome({ name }: Brand, { link }: { link: string }): Content {
  return {
    subject: `Your account at ${name}`,
    paragraphs: [`You have an account at ${name}. Choose a password to sign in with:`],
    action: { label: 'Choose a password', url: link },
    note: 'The link works once, for seven days. After that, ask for a new password on the sign-in page.',
  }
}
