/** Writes one full stop where a name that ends with one, such as `Acme Inc.`, is at the end of a sentence. */
export function withoutDoubleStop(text: string): string {
  return text.replaceAll(/(?<!\.)\.\.(?=\s|$)/g, '.')
}
