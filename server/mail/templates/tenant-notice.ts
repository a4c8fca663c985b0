import type { Brand, Content } from '../layout.ts'

export interface TenantNoticeFacts {
  organization: string
  event: 'suspended' | 'resumed' | 'deletion_scheduled' | 'restored'
  reason: string | null
  /** ISO 8601, of a deletion. */
  until: string | null
}

/** Operators have closed or opened an organisation; its own people cannot sign in to read why. */
export function tenantNotice({ name }: Brand, { organization, event, reason, until }: TenantNoticeFacts): Content {
  const why = reason ? [`The reason that was given: ${reason}`] : []
  const ask = `If this is news to you, please ask whoever runs ${name} for you.`
  switch (event) {
    case 'suspended': return {
      subject: `${organization} has been suspended`,
      paragraphs: [`The portal of ${organization} has been closed for the time being. Nothing in it has been lost, and nobody can sign in until it is opened again.`, ...why, ask],
    }
    case 'deletion_scheduled': return {
      subject: `${organization} is going to be deleted`,
      paragraphs: [`The portal of ${organization} has been closed and is going to be deleted with all that is in it${until ? ` after ${inWords(until)}` : ''}. Until then it can be restored.`, ...why, ask],
    }
    default: return {
      subject: `${organization} is open again`,
      paragraphs: [event === 'restored' ? `The portal of ${organization} will not be deleted. It is as it was before.` : `The portal of ${organization} is open again. Everyone can sign in as before.`],
    }
  }
}

function inWords(time: string): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(time))} UTC`
}
