/**
 * Matches a text against patterns in which `{name}` stands for any text.
 * @returns the pattern and the values of its placeholders
 */
export function matchText(
  patterns: readonly string[],
  text: string,
): { pattern: string; values: Record<string, string> } | undefined {
  if (patterns.includes(text)) return { pattern: text, values: {} }
  for (const pattern of patterns) {
    if (!pattern.includes('{')) continue
    const found = toRegExp(pattern).exec(text)
    if (found) return { pattern, values: { ...found.groups } }
  }
  return undefined
}

function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{(\w+)\}/g, '(?<$1>.*)')
  return new RegExp(`^${source}$`, 's')
}
