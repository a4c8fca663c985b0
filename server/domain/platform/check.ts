/** What the doctor has looked at. */
export interface Check {
  name: string
  /** What was found, in a few words. */
  found: string
  /** One line each; empty when all is well. */
  problems: string[]
}
