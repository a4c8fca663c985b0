import type { Brand, Content } from '../layout.ts'

/** Someone has shown a refresh token that had been used up long before: it was copied. */
export function sessionReuse({ name, origin }: Brand): Content {
  return {
    subject: `A session of yours at ${name} was ended`,
    paragraphs: [
      `A sign-in of yours at ${name} was used from two places in a way that suggests it was copied. That session was ended on both.`,
      'Sign in again. If you see devices there that you do not know, change your password.',
    ],
    action: { label: 'See where you are signed in', url: `${origin}/profile` },
  }
}
