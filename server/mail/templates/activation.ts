import type { Brand, Content } from '../layout.ts'

export function activation({ name }: Brand, { link }: { link: string }): Content {
  return {
    subject: `Activate your account at ${name}`,
    paragraphs: [`Someone has registered this address at ${name}. If it was you, activate your account:`],
    action: { label: 'Activate account', url: link },
    note: 'The link works for three days. If you have not registered, do nothing: without it the account cannot be used.',
  }
}
