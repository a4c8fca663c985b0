/**
 * @param label what is being done
 * @returns a callback that draws a bar on a terminal, and nothing elsewhere
 */
export function showProgress(label: string): (finished: number, total: number) => void {
  const { stderr } = process
  if (!stderr.isTTY) return () => {}
  let drawn = 0
  return (finished, total) => {
    if (finished < total && Date.now() - drawn < 50) return
    drawn = Date.now()
    const width = 30
    const done = Math.round(width * finished / total)
    stderr.write(`\r${label} ${'█'.repeat(done)}${'░'.repeat(width - done)} ${finished} of ${total}${finished === total ? '\n' : ''}`)
  }
}

/** The same for work that has several steps, each with a bar of its own. @returns a callback that is told of each change */
export function showSteps(): (progress: { step: string | null, done: number, total: number }) => void {
  let shown: string | null = null
  let show: ReturnType<typeof showProgress> | undefined
  return ({ step, done, total }) => {
    if (step !== shown) {
      shown = step
      show = step === null ? undefined : showProgress(step.replaceAll('_', ' ').padEnd(16))
    }
    if (total > 0) show?.(done, total)
  }
}
