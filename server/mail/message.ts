import type { Letter } from './layout.ts'

/** A mail as it leaves. */
export interface Message extends Letter {
  /** The same at every try, so that a mail that arrives twice can be known as one. */
  id: string
  /** The tenant's id, or `platform`. */
  realm: string
  /** The name before the address that it comes from. */
  sender: string
  to: string
  created: Date
}
