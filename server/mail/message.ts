import type { Letter } from './layout.ts'

/** A mail that is ready to send. */
export interface Message extends Letter {
  /** The same for every attempt, so that a mail that arrives twice can be recognised. */
  id: string
  /** The tenant's id, or `platform`. */
  realm: string
  /** The display name of the sender. */
  sender: string
  to: string
  created: Date
}
