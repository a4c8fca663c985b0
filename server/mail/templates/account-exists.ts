import type { Brand, Content } from '../layout.ts'

/** To the owner of an address that someone has tried to take. */
export function accountExists({ name, origin }: Brand): Content {
  return {
    subject: `You have an account at ${name} already`,
    paragraphs: [
      `Someone has tried to use this address for an account at ${name}, where you have one already. Nothing has changed.`,
      'If it was you, sign in. If you do not know the password any more, ask for a new one on the sign-in page.',
    ],
    action: { label: 'Sign in', url: `${origin}/login` },
  }
}
