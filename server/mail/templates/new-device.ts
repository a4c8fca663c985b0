import type { Brand, Content } from '../layout.ts'

export interface SignInFacts {
  /** As people recognise it: "Firefox on Windows". */
  device: string
  ip: string | null
  /** ISO 8601. */
  time: string
}

export function newDevice({ name, origin }: Brand, { device, ip, time }: SignInFacts): Content {
  return {
    subject: `New sign-in to your account at ${name}`,
    paragraphs: [
      `Your account at ${name} was signed in to from a device that has not been seen before: ${device}${ip ? `, from the address ${ip}` : ''}, ${inWords(time)}.`,
      'If it was you, there is nothing to do. If not, change your password: that signs out every other device.',
    ],
    action: { label: 'See where you are signed in', url: `${origin}/profile` },
  }
}

function inWords(time: string): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(time))} UTC`
}
