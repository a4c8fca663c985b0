import type { Brand, Content } from '../layout.ts'

export function passwordChanged({ name, origin }: Brand): Content {
  return {
    subject: `Your password for ${name} was changed`,
    paragraphs: [
      `The password of your account at ${name} has just been changed, and other devices were signed out.`,
      'If it was not you, ask for a new password on the sign-in page, and tell an admin.',
    ],
    action: { label: 'Go to the sign-in page', url: `${origin}/login` },
  }
}
