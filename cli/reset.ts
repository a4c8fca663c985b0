import { counted } from '#server/domain/lib/counted.ts'

/** What the command line says of a reset of second factors. */
export function describeReset({ id, email, factors }: { id: string; email: string; factors: number }) {
  return {
    json: { id, email, removed: factors },
    text: `${email}: ${counted(factors, 'second factor')} removed, signed out everywhere. A mail tells them.`,
  }
}
