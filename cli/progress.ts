/**
 * @param label what is in progress
 * @returns a callback that draws a progress bar on a terminal, and does nothing otherwise
 */
export function showProgress(label: string): (finished: number, total: number) => void {
  const { stderr } = process
  if (!stderr.isTTY) return () => {}
  let drawn = 0
  return (finished, total) => {
    if (finished < total && Date.now() - drawn < 50) return
    drawn = Date.now()
    const width = 30
    const done = Math.round((width * finished) / total)
    stderr.write(
      `\r${label} ${'█'.repeat(done)}${'░'.repeat(width - done)} ${finished} of ${total}${finished === total ? '\n' : ''}`,
    )
  }
}

/** @returns a callback that writes each step of an operation to standard error, with the progress on a terminal */
export function showSteps(): (progress: { step: string | null; done: number; total: number }) => void {
  const { stderr } = process
  let shown: string | null = null
  let drawn = 0
  return ({ step, done, total }) => {
    if (step !== shown) stderr.write(`${shown === null ? '' : '\n'}${step === null ? '' : `${step}…`}`)
    shown = step
    if (step === null || !stderr.isTTY || total === 0 || (done < total && Date.now() - drawn < 50)) return
    drawn = Date.now()
    stderr.write(`\r${step}… ${done} of ${total}`)
  }
}
