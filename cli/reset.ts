/** What the command line says of a reset of second factors. */
export function describeReset({ id, email, factors }: { id: string; email: string; factors: number }) {
  return {
    json: { id, email, removed: factors },
    text: `${email}: ${factors} second factors removed, signed out everywhere. A mail tells them.`,
  }
}
