import type { Brand, Content } from '../layout.ts'

/** To the old address, the last word that it gets. */
export function emailChanged({ name }: Brand): Content {
  return {
    subject: `Your e-mail address at ${name} was changed`,
    paragraphs: [
      `Your account at ${name} has a new e-mail address. From now on you sign in with that one, and this address gets no more mail about the account.`,
      `If it was not you, tell an admin of ${name} at once.`,
    ],
  }
}
