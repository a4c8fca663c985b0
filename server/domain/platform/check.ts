/** The result of one check of the doctor. */
export interface Check {
  name: string
  /** A short summary. */
  found: string
  /** One line for each problem; empty if there is none. */
  problems: string[]
}
