import type { Brand, Content } from '../layout.ts'

/** To the new address, which the link proves. */
export function emailChange({ name }: Brand, { link }: { link: string }): Content {
  return {
    subject: `Confirm your new e-mail address at ${name}`,
    paragraphs: [`Someone wants to sign in at ${name} with this address from now on. If it was you, confirm it:`],
    action: { label: 'Confirm this address', url: link },
    note: 'The link works once, for one day. If it was not you, do nothing: nothing changes without it.',
  }
}
