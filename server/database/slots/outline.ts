/** The statement with everything quoted or in parentheses replaced by blanks: only its top level remains. */
export function outlineOf(text: string): string {
  const blank = (part: string) => ' '.repeat(part.length)
  const unquoted = text
    .replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\$((?:[a-z_]\w*)?)\$[\s\S]*?\$\1\$/gi, blank)
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, blank)
  let depth = 0
  return unquoted.replace(/[^()]+|[()]/g, part => {
    if (part === '(') depth++
    if (part === ')') depth--
    return depth > 0 || part === ')' ? blank(part) : part
  })
}
