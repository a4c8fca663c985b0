/**
 * Finds a text among patterns in which `{name}` stands for anything.
 * @returns the pattern, and what stands at its places
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
